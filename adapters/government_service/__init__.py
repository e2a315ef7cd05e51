"""政务服务中心 · government service center: counters, service items and the 12345 hotline's work orders."""
