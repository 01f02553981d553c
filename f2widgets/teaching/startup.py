"""Run by a kernel when it starts, named in PYTHONSTARTUP: errors speak in sentences, also after a restart."""

__import__("f2widgets.teaching.gentle").teaching.gentle.gently()
