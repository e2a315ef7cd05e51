"""新时代文明实践中心 · civilization practice center: residents order or make a wish, and volunteers take it."""
