"""党群服务中心: ledgers, visits, phone calls and residents' meetings on one side, the bus on the other."""
