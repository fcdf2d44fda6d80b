"""Frozen values that cross Osler's layers."""

from osler.values.message import Box, FileRecord, Image, ImagePart, Message, Origin, OriginKind, TextPart
from osler.values.reply import (
    NOTICE,
    NOTICE_DEMONSTRATION,
    FinishReason,
    ImageRecord,
    Provenance,
    Reply,
    SourceRecord,
    Timings,
    Usage,
)
from osler.values.study import Document, Level, Record, Slide, Volume

__all__ = [
    "NOTICE",
    "NOTICE_DEMONSTRATION",
    "Box",
    "Document",
    "FileRecord",
    "FinishReason",
    "Image",
    "ImagePart",
    "ImageRecord",
    "Level",
    "Message",
    "Origin",
    "OriginKind",
    "Provenance",
    "Record",
    "Reply",
    "Slide",
    "SourceRecord",
    "TextPart",
    "Timings",
    "Usage",
    "Volume",
]
