"""FITS files to Frames and back; what a file is and what its header means."""
