"""What a DICOM file says of itself, without its pixels and without its patient.

Only the elements below are parsed. Whatever is damaged or missing becomes None or ""; identifiers stay in memory, for
grouping and sorting, and are kept out of the printed form.
"""

from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydicom.datadict import tag_for_keyword
from pydicom.dataset import FileDataset
from pydicom.filereader import read_partial
from pydicom.tag import BaseTag
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from osler.errors import InputError
from osler.formats.dicom_codes import BODY_PARTS, LATERALITIES, MODALITIES, MODALITY_OF_CLASS, VIEW_POSITIONS
from osler.formats.dicom_frames import FRAME_KEYWORDS, FramePlace, frame_places
from osler.formats.dicom_stream import HEADER_BYTES, PixelElement, Stream, open_stream, pixel_stop
from osler.formats.dicom_values import code, codes, real, reals, text, uid, whole
from osler.formats.files import check_file
from osler.formats.quiet import silenced

__all__ = ["DicomHeader", "FramePlace", "modality_of", "read_header", "syntax_of", "uid_digest"]

KEYWORDS = """SOPClassUID SOPInstanceUID StudyInstanceUID SeriesInstanceUID FrameOfReferenceUID Modality SeriesNumber
    InstanceNumber AcquisitionNumber EchoNumbers TemporalPositionIdentifier ImageType Rows Columns NumberOfFrames
    SamplesPerPixel PhotometricInterpretation BitsAllocated ImagePositionPatient ImageOrientationPatient PixelSpacing
    ImagerPixelSpacing SliceThickness SpacingBetweenSlices RescaleSlope RescaleIntercept StudyDate StudyTime SeriesTime
    AcquisitionDateTime AcquisitionDate AcquisitionTime ContentDate ContentTime ImageLaterality Laterality ViewPosition
    BodyPartExamined"""
TAGS: list[BaseTag | int] = [tag_for_keyword(keyword) or 0 for keyword in (*KEYWORDS.split(), *FRAME_KEYWORDS)]
LAST_COMMAND_TAG = 0x0000FFFF  # group 0000 is for the network; zeros in a row look like it
DIGEST_LETTERS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class DicomHeader:
    """One DICOM file's description.

    Attributes:
        path: the file.
        sop_class: the UID of its kind, such as "1.2.840.10008.5.1.4.1.1.2" for CT.
        sop_uid, study_uid, series_uid, frame_of_reference_uid: for grouping in memory; show `uid_digest` of them.
        modality: such as "CT"; told by the class where the file does not say; "" where neither does.
        series_number, instance_number, acquisition_number, echo_number, temporal_position: as the scanner counted.
        image_type: such as ("ORIGINAL", "PRIMARY", "AXIAL") or (…, "LOCALIZER"); for comparing, never for showing.
        rows, columns: Y and X; None where there is no image.
        num_frames: at least 1.
        samples: values a pixel.
        photometric: such as "MONOCHROME2"; for comparing.
        bits_allocated: of a stored value.
        transfer_syntax: the UID of its encoding; told from the bytes where the file does not say.
        has_pixels: whether there is pixel data.
        position_lps_mm: of the first pixel's centre, in the standard's own axes (left, posterior, superior).
        orientation_lps: direction along a row (as columns rise), then along a column (as rows rise).
        spacing_mm: between rows, between columns; at the detector where that is all the file says.
        thickness_mm, slice_spacing_mm: Slice Thickness and Spacing Between Slices.
        slope, intercept: the rescale.
        laterality, view_position, body_part: the standard's codes, "" for anything else.
        frames: the place of each frame of an enhanced image, else ().
        study_order: study date and time, for sorting only.
        time_order: study, then acquisition date and time, for sorting only.
    """

    path: Path
    sop_class: str = ""
    sop_uid: str = field(default="", repr=False)
    study_uid: str = field(default="", repr=False)
    series_uid: str = field(default="", repr=False)
    frame_of_reference_uid: str = field(default="", repr=False)
    modality: str = ""
    series_number: int | None = None
    instance_number: int | None = None
    acquisition_number: int | None = None
    echo_number: int | None = None
    temporal_position: int | None = None
    image_type: tuple[str, ...] = field(default=(), repr=False)
    rows: int | None = None
    columns: int | None = None
    num_frames: int = 1
    samples: int = 1
    photometric: str = field(default="", repr=False)
    bits_allocated: int | None = None
    transfer_syntax: str = ""
    has_pixels: bool = False
    position_lps_mm: tuple[float, ...] | None = None
    orientation_lps: tuple[float, ...] | None = None
    spacing_mm: tuple[float, ...] | None = None
    thickness_mm: float | None = None
    slice_spacing_mm: float | None = None
    slope: float | None = None
    intercept: float | None = None
    laterality: str = ""
    view_position: str = ""
    body_part: str = ""
    frames: tuple[FramePlace, ...] = field(default=(), repr=False)
    study_order: str = field(default="", repr=False)
    time_order: str = field(default="", repr=False)

    @property
    def is_image(self) -> bool:
        """Whether there is a picture in it."""
        return self.has_pixels and bool(self.rows) and bool(self.columns)


def uid_digest(identifier: str) -> str:
    """The name by which a study or series may be shown: 12 hexadecimal digits that say nothing of the patient.

    >>> uid_digest("1.2.3")
    'c47f5b18b8a4'
    """
    return sha256(identifier.encode()).hexdigest()[:DIGEST_LETTERS]


def read_header(path: Path) -> DicomHeader:
    """Read a file's description; its pixels are not touched.

    Raises:
        InputError: no DICOM at all, or more data elements than any real file has.
    """
    check_file(path)
    with (
        silenced("pydicom"),
        open_stream(path, inflate_bytes=HEADER_BYTES, budget_bytes=HEADER_BYTES, whole=False) as stream,
    ):
        try:
            found: list[PixelElement] = []
            dataset = read_partial(stream, stop_when=pixel_stop(stream, found), force=True, specific_tags=TAGS)  # type: ignore[arg-type]
            if not any(tag > LAST_COMMAND_TAG for tag in (*dataset.keys(), *dataset.file_meta.keys())):
                raise InputError(f"cannot read `{path}`: expected DICOM data elements, got none that are known")
            return _header(path, dataset, has_pixels=bool(found))
        except InputError:
            raise
        except Exception as error:  # a parser fed with damaged bytes may raise nearly anything
            raise _damaged(path, stream, error) from None


def syntax_of(dataset: FileDataset) -> str:
    """The Transfer Syntax UID; where the file does not say, how pydicom has just read it."""
    said = uid(dataset.file_meta, "TransferSyntaxUID")
    if said:
        return said
    implicit, little = dataset.original_encoding
    if implicit:
        return str(ImplicitVRLittleEndian)
    return str(ExplicitVRLittleEndian if little else ExplicitVRBigEndian)


def modality_of(dataset: FileDataset) -> str:
    """The modality, or what the class says of it; "" for anything that is not one of the standard's."""
    return code(dataset, "Modality", MODALITIES) or MODALITY_OF_CLASS.get(uid(dataset, "SOPClassUID"), "")


def _damaged(path: Path, stream: Stream, error: Exception) -> InputError:
    if stream.spent:
        return InputError(
            f"cannot read `{path}`: its header holds more than {HEADER_BYTES:,} bytes or more data elements than "
            "are read",
            hint="copy or export it again",
        )
    return InputError(
        f"cannot read `{path}`: its DICOM header is damaged or cut off ({type(error).__name__})",
        hint="copy or export it again",
    )


def _header(path: Path, dataset: FileDataset, *, has_pixels: bool) -> DicomHeader:
    return DicomHeader(
        path=path,
        transfer_syntax=syntax_of(dataset),
        has_pixels=has_pixels,
        **_identity(dataset),
        **_picture(dataset),
        **_place(dataset),
        **_order(dataset),
        laterality=code(dataset, "ImageLaterality", LATERALITIES) or code(dataset, "Laterality", LATERALITIES),
        view_position=code(dataset, "ViewPosition", VIEW_POSITIONS),
        body_part=code(dataset, "BodyPartExamined", BODY_PARTS),
        frames=frame_places(dataset),
    )


def _identity(dataset: FileDataset) -> dict[str, Any]:
    return {
        "sop_class": uid(dataset, "SOPClassUID") or uid(dataset.file_meta, "MediaStorageSOPClassUID"),
        "sop_uid": uid(dataset, "SOPInstanceUID"),
        "study_uid": uid(dataset, "StudyInstanceUID"),
        "series_uid": uid(dataset, "SeriesInstanceUID"),
        "frame_of_reference_uid": uid(dataset, "FrameOfReferenceUID"),
        "modality": modality_of(dataset),
        "series_number": whole(dataset, "SeriesNumber"),
        "instance_number": whole(dataset, "InstanceNumber"),
        "acquisition_number": whole(dataset, "AcquisitionNumber"),
        "echo_number": whole(dataset, "EchoNumbers"),
        "temporal_position": whole(dataset, "TemporalPositionIdentifier"),
        "image_type": codes(dataset, "ImageType"),
    }


def _picture(dataset: FileDataset) -> dict[str, Any]:
    return {
        "rows": whole(dataset, "Rows"),
        "columns": whole(dataset, "Columns"),
        "num_frames": max(1, whole(dataset, "NumberOfFrames") or 1),
        "samples": whole(dataset, "SamplesPerPixel") or 1,
        "photometric": text(dataset, "PhotometricInterpretation"),
        "bits_allocated": whole(dataset, "BitsAllocated"),
        "slope": real(dataset, "RescaleSlope"),
        "intercept": real(dataset, "RescaleIntercept"),
    }


def _place(dataset: FileDataset) -> dict[str, Any]:
    return {
        "position_lps_mm": reals(dataset, "ImagePositionPatient", 3),
        "orientation_lps": reals(dataset, "ImageOrientationPatient", 6),
        "spacing_mm": _positive(reals(dataset, "PixelSpacing", 2))
        or _positive(reals(dataset, "ImagerPixelSpacing", 2)),
        "thickness_mm": real(dataset, "SliceThickness"),
        "slice_spacing_mm": real(dataset, "SpacingBetweenSlices"),
    }


def _positive(numbers: tuple[float, ...] | None) -> tuple[float, ...] | None:
    return numbers if numbers and min(numbers) > 0 else None


def _order(dataset: FileDataset) -> dict[str, Any]:
    """Texts that sort as the moments they stand for do: DICOM's dates and times read from the largest unit down."""
    study = text(dataset, "StudyDate") + text(dataset, "StudyTime")
    moments = (
        text(dataset, "AcquisitionDateTime"),
        text(dataset, "AcquisitionDate") + text(dataset, "AcquisitionTime"),
        text(dataset, "ContentDate") + text(dataset, "ContentTime"),
        text(dataset, "StudyDate") + text(dataset, "SeriesTime"),
    )
    return {"study_order": study, "time_order": f"{study} {next((moment for moment in moments if moment), '')}"}
