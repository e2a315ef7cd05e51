"""Identity and confidentiality: each center's keys, the county's directory, signatures and encryption."""
