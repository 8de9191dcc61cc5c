// act.glsl — the activation functions of enum act (kernels/vocab.h). Knows nothing about operands.
const uint ACT_NONE = 0, ACT_GELU_TANH = 1, ACT_SILU = 2, ACT_GELU_ERF = 3, ACT_RELU = 4, ACT_SOFT_CLAMP = 5;

// Abramowitz and Stegun 7.1.26, absolute error below 1.5e-7: core GLSL has no erf.
float erf_near(float x)
{
    float a = abs(x), t = 1.0 / (1.0 + 0.3275911 * a);
    float poly = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
    return sign(x) * (1.0 - poly * exp(-a * a));
}

// The tanh form is written as v * sigmoid(2u), which stays finite where a driver's tanh overflows.
float activate(float v, uint act)
{
    if (act == ACT_GELU_TANH) return v / (1.0 + exp(-1.5957691216 * (v + 0.044715 * v * v * v)));
    if (act == ACT_SILU) return v / (1.0 + exp(-v));
    if (act == ACT_GELU_ERF) return 0.5 * v * (1.0 + erf_near(0.70710678118 * v));
    if (act == ACT_RELU) return max(v, 0.0);
    if (act == ACT_SOFT_CLAMP) return 6.0 / (1.0 + exp(-0.66666666667 * v)) - 3.0;
    return v;
}
