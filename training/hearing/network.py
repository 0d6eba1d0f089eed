"""Whisper (Radford et al. 2022) in torch, made of a CTranslate2 file's arrays; to each matrix of the encoder two thin ones are added.

Only the thin ones learn (LoRA, Hu et al. 2021). Without them `encode` gives what CTranslate2 gives in single precision (within 2.3e-4 where
the mean is .72; ten seconds of one recording, 2026-11-29).
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  the name everybody uses
from torch import Tensor, nn

from models.ct2_file import Array

_HEAD = 64  # numbers a head


class Thin(nn.Module):
    """A matrix (or a convolution's) that stays, plus `left @ right`, which learns; rank 0: nothing learns."""

    def __init__(self, arrays: Mapping[str, Tensor], name: str, rank: int) -> None:
        super().__init__()
        self.name, self.rank = name, rank
        self.matrix, self.bias = arrays[f"{name}/weight"], arrays.get(f"{name}/bias")
        out, given = self.matrix.shape[0], self.matrix[0].numel()
        self.left = nn.Parameter(torch.zeros(out, rank), requires_grad=rank > 0)
        self.right = nn.Parameter(torch.randn(rank, given) / math.sqrt(given), requires_grad=rank > 0)

    def forward(self, x: Tensor) -> Tensor:
        y = F.linear(x, self.matrix, self.bias)
        return y + F.linear(F.linear(x, self.right), self.left) if self.rank else y

    def along(self, x: Tensor, stride: int) -> Tensor:
        """As a convolution three columns wide."""
        y = F.conv1d(x, self.matrix, self.bias, stride=stride, padding=1)
        if not self.rank:
            return y
        narrow = F.conv1d(x, self.right.reshape(self.rank, *self.matrix.shape[1:]), stride=stride, padding=1)
        return y + F.conv1d(narrow, self.left[:, :, None])


class Whisper(nn.Module):
    """`encode` learns, `decode` does not."""

    def __init__(self, arrays: Mapping[str, Array], rank: int) -> None:
        super().__init__()
        self._arrays = {
            name: torch.from_numpy(array.astype(np.float32))
            for name, array in arrays.items()
            if array.dtype == np.float16
        }
        self.enter = nn.ModuleList([Thin(self._arrays, f"encoder/conv{n}", rank) for n in (1, 2)])
        self.encoder = nn.ModuleDict(self._layers("encoder", ("self_attention", "ffn"), rank))
        self.decoder = nn.ModuleDict(self._layers("decoder", ("self_attention", "attention", "ffn"), 0))

    def encode(self, mel: Tensor) -> Tensor:
        """[n, 80, columns] to [n, columns / 2, width]."""
        first, second = self.enter
        x = F.gelu(second.along(F.gelu(first.along(mel, 1)), 2)).transpose(1, 2)
        x = x + self._arrays["encoder/position_encodings/encodings"][: x.shape[1]]
        for name in self._names("encoder"):
            x = x + self._attends_itself(self.encoder, name, x)
            x = x + self._thinks(self.encoder, name, x)
        return self._normal(x, "encoder/layer_norm")

    def decode(self, seen: Tensor, tokens: Tensor) -> Tensor:
        """Logits [n, tokens, vocabulary] of each next token."""
        words = self._arrays["decoder/embeddings/weight"]
        x = words[tokens] + self._arrays["decoder/position_encodings/encodings"][: tokens.shape[1]]
        for name in self._names("decoder"):
            x = x + self._attends_itself(self.decoder, name, x, is_causal=True)
            ask, offer, out = (self.decoder[_key(f"{name}/attention/linear_{n}")] for n in range(3))
            keys, values = offer(seen).chunk(2, -1)
            x = x + out(_attended(ask(self._normal(x, f"{name}/attention/layer_norm")), keys, values))
            x = x + self._thinks(self.decoder, name, x)
        return self._normal(x, "decoder/layer_norm") @ words.T

    def thin_matrices(self) -> dict[str, Array]:
        """What was learnt, in the form that models.tuned_ears adds: NAME/left and NAME/right."""
        found: dict[str, Array] = {}
        for thin in self.modules():
            if isinstance(thin, Thin) and thin.rank:
                found[f"{thin.name}/weight/left"] = thin.left.detach().numpy().astype(np.float16)
                found[f"{thin.name}/weight/right"] = thin.right.detach().numpy().astype(np.float16)
        return found

    def _layers(self, side: str, parts: Sequence[str], rank: int) -> dict[str, nn.Module]:
        names = [
            name.removesuffix("/weight")
            for name in self._arrays
            if name.startswith(f"{side}/layer_") and name.endswith("/weight") and name.split("/")[2] in parts
        ]
        return {_key(name): Thin(self._arrays, name, rank) for name in names}

    def _names(self, side: str) -> list[str]:
        count = len(
            {name.split("/")[1] for name in self._arrays if name.startswith(f"{side}/layer_") and name.count("/") > 2}
        )
        return [f"{side}/layer_{n}" for n in range(count)]

    def _attends_itself(self, side: nn.ModuleDict, name: str, x: Tensor, *, is_causal: bool = False) -> Tensor:
        ask, out = (side[_key(f"{name}/self_attention/linear_{n}")] for n in range(2))
        queries, keys, values = ask(self._normal(x, f"{name}/self_attention/layer_norm")).chunk(3, -1)
        attended: Tensor = out(_attended(queries, keys, values, is_causal=is_causal))
        return attended

    def _thinks(self, side: nn.ModuleDict, name: str, x: Tensor) -> Tensor:
        wide, narrow = (side[_key(f"{name}/ffn/linear_{n}")] for n in range(2))
        thought: Tensor = narrow(F.gelu(wide(self._normal(x, f"{name}/ffn/layer_norm"))))
        return thought

    def _normal(self, x: Tensor, name: str) -> Tensor:
        return F.layer_norm(x, x.shape[-1:], self._arrays[f"{name}/gamma"], self._arrays[f"{name}/beta"])


def _key(name: str) -> str:
    return name.replace("/", "-")


def _attended(queries: Tensor, keys: Tensor, values: Tensor, *, is_causal: bool = False) -> Tensor:
    apart = (one.unflatten(-1, (-1, _HEAD)).transpose(1, 2) for one in (queries, keys, values))
    return F.scaled_dot_product_attention(*apart, is_causal=is_causal).transpose(1, 2).flatten(2)
