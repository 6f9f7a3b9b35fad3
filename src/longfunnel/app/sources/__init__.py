"""Where facts come from: files, uploads and connected systems, their runs, and what could not be understood."""
