"""Steps labelled by Lean: theorems, candidate steps, verdicts, targets, critiques (`docs/data.md`)."""

from eva.data.record import BadRecord, LabelledStep, read_records, write_records

__all__ = ["BadRecord", "LabelledStep", "read_records", "write_records"]
