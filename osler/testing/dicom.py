"""Synthetic single- and multi-frame DICOM files."""

import io
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image as Pillow
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID, ExplicitVRLittleEndian, JPEG2000Lossless, JPEGBaseline8Bit, RLELossless, generate_uid

__all__ = ["PATIENT", "make_dicom"]

PATIENT = {"PatientName": "Quixote^Alonso", "PatientID": "LAMANCHA-1605", "PatientBirthDate": "15470929"}
CLASSES = {
    "CR": "1.2.840.10008.5.1.4.1.1.1",
    "DX": "1.2.840.10008.5.1.4.1.1.1.1",
    "CT": "1.2.840.10008.5.1.4.1.1.2",
    "MR": "1.2.840.10008.5.1.4.1.1.4",
}
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"

Compression = Literal["none", "rle", "jpeg", "jpeg2000"]


def make_dicom(
    path: Path,
    pixels: np.ndarray,
    *,
    photometric: str = "MONOCHROME2",
    modality: str = "DX",
    bits: int | None = None,
    frames: int = 1,
    compression: Compression = "none",
    **elements: Any,
) -> Path:
    """Write a DICOM file about a patient of fiction.

    Args:
        path: where to write it.
        pixels: [Y, X] or [Y, X, 3] of uint8, int8, uint16 or int16; [F, Y, X] for several frames.
        photometric, modality: as in the standard; the SOP class follows the modality.
        bits: Bits Stored; all allocated ones where not given.
        frames: Number of Frames, written where it is not 1.
        compression: JPEG (baseline) takes uint8 only.
        elements: further elements by keyword, such as RescaleSlope=2; None takes one out.
    """
    dataset = _described(modality)
    _describe_pixels(dataset, pixels, photometric, bits, frames)
    _write_pixels(dataset, pixels, compression)
    for keyword, value in elements.items():
        if value is None:
            delattr(dataset, keyword)
        else:
            setattr(dataset, keyword, value)
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(path, enforce_file_format=True)
    return path


def _described(modality: str) -> FileDataset:
    """A dataset with a patient and identifiers, and no pixels yet."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(CLASSES.get(modality, SECONDARY_CAPTURE))
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = FileDataset("", Dataset(), file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID = meta.MediaStorageSOPClassUID
    dataset.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    dataset.Modality = modality
    for keyword, value in PATIENT.items():
        setattr(dataset, keyword, value)
    return dataset


def _describe_pixels(dataset: FileDataset, pixels: np.ndarray, photometric: str, bits: int | None, frames: int) -> None:
    first = pixels if frames == 1 else pixels[0]
    dataset.Rows, dataset.Columns = first.shape[:2]
    dataset.SamplesPerPixel = 1 if first.ndim == 2 else 3
    if first.ndim == 3:
        dataset.PlanarConfiguration = 0
    if frames != 1:
        dataset.NumberOfFrames = frames
    dataset.PhotometricInterpretation = photometric
    dataset.BitsAllocated = pixels.dtype.itemsize * 8
    dataset.BitsStored = bits or dataset.BitsAllocated
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = int(pixels.dtype.kind == "i")


def _write_pixels(dataset: FileDataset, pixels: np.ndarray, compression: Compression) -> None:
    if compression == "jpeg":
        stream = io.BytesIO()
        Pillow.fromarray(pixels).save(stream, "JPEG", quality=95, subsampling=0)
        dataset.PixelData = encapsulate([stream.getvalue()])
        dataset["PixelData"].VR = "OB"
        dataset.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
        return
    data = pixels.astype(pixels.dtype.newbyteorder("<")).tobytes()
    dataset.PixelData = data + b"\0" * (len(data) % 2)
    dataset["PixelData"].VR = "OB" if pixels.dtype.itemsize == 1 else "OW"
    if compression != "none":
        dataset.compress({"rle": RLELossless, "jpeg2000": JPEG2000Lossless}[compression], generate_instance_uid=False)
