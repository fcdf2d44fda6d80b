"""Studies and records that lie on servers: DICOMweb and FHIR."""
