"""Just enough of a DICOMweb server for fetching studies, and its faults."""

from dataclasses import dataclass, field

from stand_in_server import Answer, Asked, StandInServer

STUDY = "1.2.826.0.1.3680043.8.498.1"
ROOT = "/dicom-web"


@dataclass
class StandInDicomweb:
    """Answers searches and retrievals of one study.

    Attributes:
        series: the bytes of each instance by its UID, by the series' UID.
        modalities: of the series; CT where it is not said.
        cuts: after how many bytes the next instances break off.
        tells_length: whether an instance's length is announced.
        busy: how many answers to come are 503.
        wraps: whether an instance comes in a multipart answer.
        most: at most so many results a page.
        knows_offset: whether the next page can be had.
        token: what must be shown, if anything.
    """

    series: dict[str, dict[str, bytes]]
    modalities: dict[str, str] = field(default_factory=dict)
    cuts: list[int] = field(default_factory=list)
    tells_length: bool = True
    busy: int = 0
    wraps: bool = True
    most: int = 1000
    knows_offset: bool = True
    token: str | None = None

    def server(self) -> StandInServer:
        return StandInServer(self.answer)

    def answer(self, asked: Asked) -> Answer:
        if self.token is not None and asked.headers.get("authorization") != f"Bearer {self.token}":
            return Answer(status=401)
        if self.busy:
            self.busy -= 1
            return Answer(status=503)
        return self._found(asked)

    def _found(self, asked: Asked) -> Answer:
        base = f"{ROOT}/studies/{STUDY}"
        parts = asked.path.removeprefix(base).strip("/").split("/")
        if parts == ["series"]:
            return self._page(asked, [self._described(uid) for uid in self.series])
        if len(parts) == 3 and parts[1] in self.series:
            found = self.series[parts[1]]
            return self._page(asked, [{"00080018": {"vr": "UI", "Value": [uid]}} for uid in found])
        if len(parts) == 4 and parts[3] in self.series.get(parts[1], {}):
            return self._instance(self.series[parts[1]][parts[3]])
        return Answer(status=404)

    def _described(self, uid: str) -> dict:
        modality = self.modalities.get(uid, "CT")
        return {"0020000E": {"vr": "UI", "Value": [uid]}, "00080060": {"vr": "CS", "Value": [modality]}}

    def _page(self, asked: Asked, entries: list[dict]) -> Answer:
        offset = int(asked.query.get("offset", 0)) if self.knows_offset else 0
        page = entries[offset:][: min(self.most, int(asked.query.get("limit", self.most)))]
        return Answer.json(page, "application/dicom+json")

    def _instance(self, content: bytes) -> Answer:
        cut = self.cuts.pop(0) if self.cuts else None
        if not self.wraps:
            return Answer(content, headers={"Content-Type": "application/dicom"}, cut_after=cut)
        body = b"\r\n--edge\r\nContent-Type: application/dicom\r\n\r\n" + content + b"\r\n--edge--\r\n"
        headers = {"Content-Type": 'multipart/related; type="application/dicom"; boundary="edge"'}
        return Answer(body, headers=headers, cut_after=cut, tells_length=self.tells_length)
