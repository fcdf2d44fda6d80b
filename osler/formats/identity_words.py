"""Words that stand in the place of a name, or that are mostly something else."""

__all__ = ["NO_NAMES", "PARTICLES", "WEAK"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


PARTICLES = _words("""
    al bin bint da das de del della den der di do dos du el ibn la las le los of st ten ter van vom von y zu zum zur
    dr jr mr mrs ms prof sir sr
""")
"""Small words of family names, and titles."""

NO_NAMES = _words("""
    anon anonym anonyme anonymised anonymized anonymous case deid deidentified demo dummy example exam female image
    male name none null patient phantom pseudonym redacted removed sample series study subject test unknown unnamed
    volunteer xx xxx
    cr ct dx mg mr mri nm op ot pt pet sm us xa xc xr
""")
"""What is written where a name was taken out, or never was; and modalities."""

WEAK = _words("""
    abdomen adult ankle angel arm art ash back ball banks barber bay bean bell berry best bill bird bishop black bland
    blood bone bow brain branch breast brook brown bull burn burns bush butler carter cell chest child church clay cold
    cook cooper cross dawn day dean dent dial duke early eye faith farmer field fields finger fish fisher flood flower
    foot ford forest fox frame france french frost gage gall gamble good grace grant gray green grey guy hall hand hands
    hard harm head heart heel hill hip holder hood hook hope hunt infant iris ivory joy judge june king knee lamb lane
    large law leg light limb little liver long love low lung mark marks may mean might mild mills moles moon moore more
    mouth nail neck noble normal north oak old page pain park part parts peak pearl pelvis piper place plane plate play
    poor pope power price prior prostate read rich right root rose round rush sharp shoulder short single sky skull
    slide small smear south spine spring stand stone street strong summer swallow sweet temple tender thigh tissue tract
    violet wall ward waters way weaver wells west white will wise wood woods wound wrist young
""")
"""Names that are words of every day, above all of medicine: "white matter", "long bones", "right hand"."""
