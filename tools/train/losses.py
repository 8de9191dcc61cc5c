"""What the two families are trained to predict. One loss value per picture. Knows nothing of networks' insides."""

import functools
import math

import torch
import torch.nn.functional as F

TIMESTEPS = 1000


@functools.lru_cache(maxsize=None)
def ddpm_tables(device):
    """The linear schedule in double precision: alphas-bar, and what the learned variance interpolates between."""
    beta = torch.linspace(1e-4, 0.02, TIMESTEPS, dtype=torch.float64)
    abar = torch.cumprod(1 - beta, 0)
    before = torch.cat([torch.ones(1, dtype=torch.float64), abar[:-1]])
    variance = beta * (1 - before) / (1 - abar)
    clipped = torch.cat([variance[1:2], variance[1:]]).log()
    tables = dict(signal=abar.sqrt(), noise=(1 - abar).sqrt(), log_beta=beta.log(), log_variance=clipped,
                  coef_x0=beta * before.sqrt() / (1 - abar), coef_xt=(1 - before) * (1 - beta).sqrt() / (1 - abar))
    return {k: v.float().to(device) for k, v in tables.items()}


def at(table, t):
    return table[t][:, None, None, None]


def per_picture(x):
    return x.flatten(1).mean(1)


def dit_noised(x0, noise, t):
    k = ddpm_tables(x0.device)
    return at(k["signal"], t) * x0 + at(k["noise"], t) * noise


def gaussian_cdf(x):
    return 0.5 * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def discrete_nll(x, mean, log_std):
    """-log of the probability that a Gaussian gives the 8-bit level of x (levels 2/255 apart on -1..1)."""
    inv = torch.exp(-log_std)
    above, below = (gaussian_cdf(inv * (x - mean + d)) for d in (1 / 255, -1 / 255))
    p = torch.where(x < -0.999, above, torch.where(x > 0.999, 1 - below, above - below))
    return -p.clamp_min(1e-12).log()


def dit_bound(out, x0, xt, t):
    """The variational bound of the learned variance, which sees the mean as a constant; 0 where none is learned."""
    channels = x0.shape[1]
    if out.shape[1] == channels:
        return 0
    eps = out[:, :channels]
    k = ddpm_tables(x0.device)
    frac = (out[:, channels:] + 1) / 2
    logvar = frac * at(k["log_beta"], t) + (1 - frac) * at(k["log_variance"], t)
    guess = (xt - at(k["noise"], t) * eps.detach()) / at(k["signal"], t)
    mean = at(k["coef_x0"], t) * guess + at(k["coef_xt"], t) * xt
    true_logvar, miss = at(k["log_variance"], t), at(k["coef_x0"], t) * (x0 - guess)
    kl = 0.5 * (-1 + logvar - true_logvar + torch.exp(true_logvar - logvar) + miss**2 * torch.exp(-logvar))
    nll = discrete_nll(x0, mean, 0.5 * logvar)
    return torch.where(t == 0, per_picture(nll), per_picture(kl)) / math.log(2)


@torch.no_grad()
def taught(flow, xt, t, y):
    """The noise that a flow network sees at the same ratio of signal to noise, and a weight that makes its error one of
    velocity (1/position squared; held below 50, since nothing is seen in noise alone)."""
    k = ddpm_tables(xt.device)
    signal, noise = at(k["signal"], t), at(k["noise"], t)
    position, x = signal / (signal + noise), xt / (signal + noise)
    v = flow(x, position.flatten(), y).float()
    return x - position * v, (position.flatten() ** -2).clamp_max(50)


def dit(net, x0, noise, t, y, teacher=None):
    """A teacher, a flow network on the same latents, answers with the mean of all noises that fit; one draw is that mean
    and a great deal of chance, which takes many pictures to average out."""
    xt = dit_noised(x0, noise, t)
    target, weight = (noise, 1) if teacher is None else taught(teacher, xt, t, y)
    out = net(xt, t.float(), y).float()
    return weight * per_picture((out[:, : x0.shape[1]] - target) ** 2) + dit_bound(out, x0, xt, t)


def sit(net, x1, noise, t, y):
    """Flow matching on the straight path: t = 0 is noise, t = 1 data; the network gives the velocity."""
    s = t[:, None, None, None]
    return per_picture((net(s * x1 + (1 - s) * noise, t, y).float() - (x1 - noise)) ** 2)
