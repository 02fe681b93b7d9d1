"""Zoetrope: a small latent video diffusion family trained on procedurally drawn scenes."""
