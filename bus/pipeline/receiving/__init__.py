"""The steps of ``receive``, one file each, over one record: open, verify, decode, order, apply, receipt."""
