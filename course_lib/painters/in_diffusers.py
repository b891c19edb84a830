"""Our networks and our way of drawing, as `diffusers` wants them; exports carry them.

    pipe = DiffusionPipeline.from_pretrained("exported", trust_remote_code=True)
    pipe("a frog on stilts", seed=4).images[0]

Nothing in the course imports this file: `carried` copies it into an export, together
with all that it uses. It is the only one that needs diffusers.
"""

import torch
from diffusers import ConfigMixin, DiffusionPipeline, ImagePipelineOutput, ModelMixin
from diffusers.configuration_utils import register_to_config
from torch import Tensor

from course_lib.diffusion.guidance import Way
from course_lib.diffusion.objective import predictor
from course_lib.diffusion.samplers import (
    PictureNoise,
    ddim,
    ddpm,
    dpm_solver,
    dpm_solver_sde,
    euler,
    heun,
    last_step,
)
from course_lib.diffusion.schedule import schedule_named
from course_lib.networks.autoencoder import Autoencoder
from course_lib.networks.unet import UNet
from course_lib.painters.painter import WITH_CHANCE, read_each_once, way_of

WALKS = {
    "ddim": ddim,
    "ddpm": ddpm,
    "dpm_solver": dpm_solver,
    "dpm_solver_sde": dpm_solver_sde,
    "euler": euler,
    "heun": heun,
}


# The network is an attribute and no base class: both it and `ConfigMixin` have a
# `config`.
class CritterUNet(ModelMixin, ConfigMixin):
    """The U-Net of the course: `unet(x_t, t, text_emb)` is shaped like x_t."""

    @register_to_config
    def __init__(
        self,
        widths: list[int],
        blocks: int,
        labels: int,
        channels: int,
        refine: int,
        text_width: int,
        fold: int,
    ):
        super().__init__()
        self.net = UNet(
            tuple(widths), blocks, labels, channels, refine, text_width, fold
        )

    def forward(self, x_t: Tensor, t: Tensor, cond: Tensor | None = None) -> Tensor:
        """(B, C, H, W), steps 1..T (B,), and text_emb (B, L, D) or labels (B,)."""
        return self.net(x_t, t, cond)


class CritterAutoencoder(ModelMixin, ConfigMixin):
    """The autoencoder of the course: `encode` to mu and logvar, and `decode`."""

    @register_to_config
    def __init__(
        self,
        widths: list[int],
        z_channels: int,
        blocks: int,
        refine: int,
        decoder_blocks: int,
    ):
        super().__init__()
        self.net = Autoencoder(
            tuple(widths), z_channels, blocks, refine, decoder_blocks
        )

    @property
    def times(self) -> int:
        """The side in pixels of the square that one place of a latent covers."""
        return self.net.times

    def encode(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """(B, 3, H, W) in [-1, 1] to mu and logvar, (B, channels, h, w) each."""
        return self.net.encode(pictures)

    def decode(self, z: Tensor) -> Tensor:
        """(B, channels, h, w) to pictures (B, 3, H, W)."""
        return self.net.decode(z)


class CritterPipeline(DiffusionPipeline):
    """Prompts to pictures: the same pictures as the course draws, from the same seed.

    Args:
        vae: None if the U-Net draws pixels
        size: height and width of a picture
        latent_scale: what latents are divided by before they are decoded
        guidance_scale, steps, guided_between, sampler: the usual way of drawing
    """

    model_cpu_offload_seq = "text_encoder->unet->vae"
    _optional_components = ["vae"]

    def __init__(
        self,
        tokenizer,
        text_encoder,
        unet,
        vae=None,
        size: int = 64,
        schedule: str = "straight line",
        T: int = 1000,
        target: str = "v",
        latent_scale: float = 1.0,
        guidance_scale: float = 3.0,
        steps: int = 10,
        guided_between=None,
        sampler: str = "dpm_solver",
    ):
        super().__init__()
        self.register_modules(
            tokenizer=tokenizer, text_encoder=text_encoder, unet=unet, vae=vae
        )
        self.register_to_config(
            size=size,
            schedule=schedule,
            T=T,
            target=target,
            latent_scale=latent_scale,
            guidance_scale=guidance_scale,
            steps=steps,
            guided_between=guided_between,
            sampler=sampler,
        )

    def read(self, texts: tuple[str, ...]) -> Tensor:
        """Texts to text_emb (B, L, D), zero where there is no token."""
        # Padded to the longest of these: padding costs time and has no effect.
        how = dict(padding=True, truncation=True, return_tensors="pt")
        given = self.tokenizer(list(texts), **how).to(self.device)
        tokens, mask = given.input_ids, given.attention_mask
        seen = self.text_encoder(input_ids=tokens, attention_mask=mask)
        return seen.last_hidden_state * mask[:, :, None]

    @torch.no_grad()
    def __call__(
        self,
        prompt: str | list[str],
        seed: int = 0,
        num_inference_steps: int | None = None,
        guidance_scale: float | None = None,
        negative_prompt: str = "",
        sampler: str | None = None,
        output_type: str = "pil",
    ) -> ImagePipelineOutput:
        """Draw a picture for each prompt.

        Args:
            seed: the same seed draws the same pictures as `generate --seed`
            guidance_scale: 1 is unguided; None is the usual way
            output_type: "pil", or "pt" for a tensor (B, 3, H, W) in [-1, 1]
        """
        prompts = (prompt,) if isinstance(prompt, str) else tuple(prompt)
        known = self.config
        between = known.guided_between and tuple(known.guided_between)
        usual = Way(known.guidance_scale, known.steps, between, known.sampler)
        way = way_of(usual, guidance_scale, num_inference_steps, sampler)
        schedule = schedule_named(known.schedule, known.T)

        # (B + 1, L, D), the negative prompt in the last row.
        text_emb = read_each_once(self.read, prompts, negative_prompt)
        cond, uncond = text_emb[:-1], text_emb[-1:].expand_as(text_emb[:-1])
        model = way.guide(self.unet, uncond)
        # Pixels lie in [-1, 1]; latents have no such bounds.
        clamp = self.vae is None
        predict = predictor(model, schedule, known.target, cond, clamp)

        channels, side = self.unet.config.channels, known.size
        if self.vae is not None:
            side //= self.vae.times
        noise = PictureNoise(seed, range(len(prompts)), self.device)
        fresh = {"noise": noise} if way.sampler in WITH_CHANCE else {}
        x_T = noise((channels, side, side))
        x_0 = last_step(WALKS[way.sampler](predict, x_T, schedule, way.steps, **fresh))
        if self.vae is not None:
            x_0 = self.vae.decode(x_0 / known.latent_scale)
        pictures = x_0.clamp(-1, 1).cpu()
        if output_type == "pt":
            return ImagePipelineOutput(images=pictures)
        whole = ((pictures + 1) * 127.5).round().permute(0, 2, 3, 1).numpy()
        return ImagePipelineOutput(images=self.numpy_to_pil(whole / 255))
