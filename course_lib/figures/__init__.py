"""For people: figures, sliders, maps, and the library's own source."""
