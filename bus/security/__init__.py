"""Who is who: each center's keys, the county's directory of them, and what is signed and sealed with them."""
