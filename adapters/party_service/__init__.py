"""党群服务中心 · party-mass service center: ledgers, visits, phone calls and residents' meetings."""
