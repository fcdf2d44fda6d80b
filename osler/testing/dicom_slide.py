"""Synthetic whole slides in DICOM."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image as Pillow
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID, ExplicitVRLittleEndian, JPEGBaseline8Bit, generate_uid

from osler.formats.slide_kind import WHOLE_SLIDE_CLASS
from osler.testing.dicom import PATIENT
from osler.testing.slide import GLASS, TILE_PX, shrunk

__all__ = ["make_dicom_slide"]


def make_dicom_slide(
    folder: Path,
    pixels: np.ndarray,
    *,
    mpp_um: float = 0.25,
    factors: Sequence[int] = (1, 4, 16),
    label: bool = True,
    jpeg: bool = False,
    tile_px: Sequence[int] = (),
) -> Path:
    """Write a DICOM slide about a patient of fiction: one file a resolution, and one of the glass's label.

    Args:
        folder: where the files go; it is made.
        pixels: [Y, X, 3] uint8, the full size.
        mpp_um: µm a full-size pixel.
        factors: how much smaller each resolution is, powers of two.
        label: whether there is a picture of the label too.
        jpeg: whether tiles are JPEG, as scanners write them.
        tile_px: the side of each resolution's tiles; 256 where it is not given.
    """
    folder.mkdir(parents=True, exist_ok=True)
    common = {name: generate_uid() for name in ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID")}
    for number, factor in enumerate(factors):
        level = pixels if factor == 1 else shrunk(pixels, factor)
        dataset = _instance("VOLUME", "NONE" if factor == 1 else "RESAMPLED", common, number + 1)
        _describe(dataset, level.shape[1], level.shape[0], mpp_um * factor)
        _add_tiles(dataset, level, tile_px[number] if tile_px else TILE_PX, jpeg=jpeg)
        dataset.save_as(folder / f"level{number}.dcm", enforce_file_format=True)
    if label:
        dataset = _instance("LABEL", "NONE", common, len(factors) + 1)
        _describe(dataset, TILE_PX, TILE_PX, mpp_um)
        _add_tiles(dataset, np.zeros((TILE_PX, TILE_PX, 3), np.uint8), TILE_PX, jpeg=False)
        dataset.save_as(folder / "label.dcm", enforce_file_format=True)
    return folder


def _instance(flavour: str, derivation: str, common: dict[str, UID], number: int) -> FileDataset:
    """A file of the slide's series, without pixels yet."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(WHOLE_SLIDE_CLASS)
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = FileDataset("", Dataset(), file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID, dataset.SOPInstanceUID = UID(WHOLE_SLIDE_CLASS), meta.MediaStorageSOPInstanceUID
    for keyword, value in {**PATIENT, **common}.items():
        setattr(dataset, keyword, value)
    dataset.Modality, dataset.SeriesNumber, dataset.InstanceNumber = "SM", 1, number
    dataset.ImageType = ["DERIVED", "PRIMARY", flavour, derivation]
    return dataset


def _describe(dataset: Dataset, width_px: int, height_px: int, mpp_um: float) -> None:
    """What is said of the whole resolution."""
    dataset.TotalPixelMatrixRows, dataset.TotalPixelMatrixColumns = height_px, width_px
    dataset.TotalPixelMatrixFocalPlanes, dataset.NumberOfOpticalPaths = 1, 1
    dataset.ImagedVolumeWidth, dataset.ImagedVolumeHeight = width_px * mpp_um / 1e3, height_px * mpp_um / 1e3
    dataset.ImagedVolumeDepth = 0.001
    dataset.SharedFunctionalGroupsSequence = [_shared(mpp_um)]
    dataset.OpticalPathSequence = [_optical_path()]
    dataset.TotalPixelMatrixOriginSequence = [_origin()]
    dataset.ImageOrientationSlide = [0, -1, 0, -1, 0, 0]
    dataset.FocusMethod, dataset.ExtendedDepthOfField = "AUTO", "NO"
    dataset.DimensionOrganizationType = "TILED_FULL"


def _add_tiles(dataset: FileDataset, pixels: np.ndarray, tile_px: int, *, jpeg: bool) -> None:
    """Cut [Y, X, 3] uint8 into square tiles, glass beyond its edges, row by row."""
    height, width = pixels.shape[:2]
    rows, columns = -(-height // tile_px), -(-width // tile_px)
    whole = np.full((rows * tile_px, columns * tile_px, 3), GLASS, np.uint8)
    whole[:height, :width] = pixels
    tiles = whole.reshape(rows, tile_px, columns, tile_px, 3).swapaxes(1, 2).reshape(-1, tile_px, tile_px, 3)
    dataset.Rows = dataset.Columns = tile_px
    dataset.NumberOfFrames = len(tiles)
    dataset.SamplesPerPixel, dataset.PlanarConfiguration = 3, 0
    dataset.PhotometricInterpretation = "YBR_FULL_422" if jpeg else "RGB"
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit, dataset.PixelRepresentation = 7, 0
    dataset.LossyImageCompression = "01" if jpeg else "00"
    if jpeg:
        dataset.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    dataset.PixelData = encapsulate([_jpeg(tile) for tile in tiles]) if jpeg else tiles.tobytes()
    dataset["PixelData"].VR = "OB"


def _jpeg(tile: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Pillow.fromarray(tile).save(stream, "JPEG", quality=90, subsampling="4:2:2")
    return stream.getvalue()


def _shared(mpp_um: float) -> Dataset:
    measures = Dataset()
    measures.PixelSpacing = [mpp_um / 1e3, mpp_um / 1e3]
    measures.SliceThickness = 0.001
    shared = Dataset()
    shared.PixelMeasuresSequence = [measures]
    return shared


def _optical_path() -> Dataset:
    path = Dataset()
    path.OpticalPathIdentifier = "1"
    return path


def _origin() -> Dataset:
    origin = Dataset()
    origin.XOffsetInSlideCoordinateSystem = origin.YOffsetInSlideCoordinateSystem = 0
    return origin
