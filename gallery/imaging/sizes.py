"""The sizes of previews, for those who only name them: this imports no decoder."""

# Long sides in pixels: a grid cell, a grid cell on a dense display, a screen.
PREVIEW_SIZES_PX = (320, 720, 1440)
