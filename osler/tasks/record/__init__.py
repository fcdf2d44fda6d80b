"""Questions about a patient's FHIR record: read, narrowed down in steps, answered with the entries that say so.

::

    files ──► chart ──► manifest ──► which types? ──► which entries? ──► facts ──► statements, each with its sources
              program   program      model            model, program     model     model, checked by the program
"""
