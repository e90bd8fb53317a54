"""Recurrent layers on a CPU: training kernels, one step at a time."""
