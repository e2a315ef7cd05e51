"""政务服务中心 · government service center: counters, service items and the work orders of the 12345 hotline."""
