"""What is said of the generators besides their figures."""

from model_folder import WEIGHTS

CIFAR10 = {
    "dataset": "CIFAR-10 (Krizhevsky 2009, Learning Multiple Layers of Features from Tiny Images)",
    "dataset_license": "none stated; free for research",
    "recipe": "Scripts/train/generators",
}

DCGAN = {
    "task": "image-generation",
    "architecture": "DCGAN with labels (DCGANGenerator)",
    **CIFAR10,
    "paper": [
        "Radford et al. 2015, Unsupervised Representation Learning with Deep Convolutional Generative Adversarial "
        "Networks, arXiv:1511.06434",
        "Mirza and Osindero 2014, Conditional Generative Adversarial Nets, arXiv:1411.1784",
        "Miyato et al. 2018, Spectral Normalization for Generative Adversarial Networks, arXiv:1802.05957",
        "Miyato and Koyama 2018, cGANs with Projection Discriminator, arXiv:1802.05637",
    ],
}

DDPM = {
    "task": "image-diffusion",
    "architecture": "U-Net with classes (UNet2DModel), DDPM",
    **CIFAR10,
    "paper": [
        "Ho et al. 2020, Denoising Diffusion Probabilistic Models, arXiv:2006.11239",
        "Nichol and Dhariwal 2021, Improved Denoising Diffusion Probabilistic Models, arXiv:2102.09672",
        "Salimans and Ho 2022, Progressive Distillation for Fast Sampling of Diffusion Models, arXiv:2202.00512",
        "Ho and Salimans 2022, Classifier-Free Diffusion Guidance, arXiv:2207.12598",
        "Yu et al. 2024, Representation Alignment for Generation, arXiv:2410.06940",
        "Karras et al. 2022, Elucidating the Design Space of Diffusion-Based Generative Models, arXiv:2206.00364",
    ],
}

# By the model's name: what is said, and the file of weights.
CARDS = {
    "dcgan-cifar10": (DCGAN, WEIGHTS),
    "ddpm-cifar10": (DDPM, "unet/diffusion_pytorch_model.safetensors"),
}
