"""The functions that a written file is made of: each stands in it once, where a layer needs it."""

from __future__ import annotations

#: What activations are of one value ``v``.
ACTIVATIONS = {
    "relu": "v > 0 ? v : 0",
    "leaky_relu": "v > 0 ? v : 0.2f * v",
    "sigmoid": "1 / (1 + expf(-v))",
    "tanh": "tanhf(v)",
    "elu": "v > 0 ? v : expm1f(v)",
    "gelu": "0.5f * v * erfcf(-0.70710678f * v)",
    "silu": "v / (1 + expf(-v))",
    "relu6": "v > 6 ? 6 : v > 0 ? v : 0",
    "selu": "1.05070099f * (v > 0 ? v : 1.67326324f * expm1f(v))",
    "softplus": "(v > 0 ? v : 0) + log1pf(expf(-fabsf(v)))",
    "softsign": "v / (1 + fabsf(v))",
    "hard_sigmoid": "v < -3 ? 0 : v > 3 ? 1 : v / 6 + 0.5f",
    "hard_silu": "v < -3 ? 0 : v > 3 ? v : v * (v / 6 + 0.5f)",
    "mish": "v * tanhf((v > 0 ? v : 0) + log1pf(expf(-fabsf(v))))",
    "exponential": "expf(v)",
}

#: By their names. Images lie row by row, the channels of a pixel together.
FUNCTIONS = {
    "softmax": """
/* Turn each row of n values into probabilities. */
static void softmax(const float *x, float *y, int rows, int n) {
    for (int r = 0; r < rows; r++, x += n, y += n) {
        float most = x[0], sum = 0;
        for (int i = 1; i < n; i++) most = x[i] > most ? x[i] : most;
        for (int i = 0; i < n; i++) sum += y[i] = expf(x[i] - most);
        for (int i = 0; i < n; i++) y[i] /= sum;
    }
}""",
    "log_softmax": """
/* Turn each row of n values into logarithms of probabilities. */
static void log_softmax(const float *x, float *y, int rows, int n) {
    for (int r = 0; r < rows; r++, x += n, y += n) {
        float most = x[0], sum = 0;
        for (int i = 1; i < n; i++) most = x[i] > most ? x[i] : most;
        for (int i = 0; i < n; i++) sum += expf(x[i] - most);
        for (int i = 0; i < n; i++) y[i] = x[i] - most - logf(sum);
    }
}""",
    "local_response": """
/* Divide each of n channels by a power of the sum of squares of itself, some before it and some behind it. */
static void local_response(const float *x, float *y, int rows, int n, int before, int behind, float bias, float alpha,
                           float beta) {
    for (int r = 0; r < rows; r++, x += n, y += n)
        for (int i = 0; i < n; i++) {
            float sum = 0;
            for (int j = i - before; j <= i + behind; j++) sum += j >= 0 && j < n ? x[j] * x[j] : 0;
            y[i] = x[i] * powf(bias + alpha * sum, -beta);
        }
}""",
    "convolution": """
/* Slide a kernel (kh, kw, c / groups, filters) over an image (h, w, c), with zeros around it. */
static void convolution(const float *x, int h, int w, int c, const float *kernel, const float *bias, int kh, int kw,
                        int sh, int sw, int dh, int dw, int top, int left, int groups, float *y, int oh, int ow,
                        int filters) {
    const int in = c / groups, out = filters / groups;
    for (int oy = 0; oy < oh; oy++) {
        for (int ox = 0; ox < ow; ox++, y += filters) {
            for (int f = 0; f < filters; f++) y[f] = bias ? bias[f] : 0;
            for (int ky = 0; ky < kh; ky++) {
                const int iy = oy * sh - top + ky * dh;
                if (iy < 0 || iy >= h) continue;
                for (int kx = 0; kx < kw; kx++) {
                    const int ix = ox * sw - left + kx * dw;
                    if (ix < 0 || ix >= w) continue;
                    const float *pixel = x + (iy * w + ix) * c, *k = kernel + (ky * kw + kx) * in * filters;
                    for (int g = 0; g < groups; g++)
                        for (int i = 0; i < in; i++)
                            for (int f = 0; f < out; f++)
                                y[g * out + f] += pixel[g * in + i] * k[i * filters + g * out + f];
                }
            }
        }
    }
}""",
    "dense": """
/* Multiply each row of n values with a kernel (n, units). */
static void dense(const float *x, int rows, int n, const float *kernel, const float *bias, float *y, int units) {
    for (int r = 0; r < rows; r++, x += n, y += units) {
        for (int u = 0; u < units; u++) y[u] = bias ? bias[u] : 0;
        for (int i = 0; i < n; i++)
            for (int u = 0; u < units; u++) y[u] += x[i] * kernel[i * units + u];
    }
}""",
    "pooling": """
/* Keep of each window of an image (h, w, c) the largest value (mode 1), the smallest (-1) or the mean (0). */
static void pooling(const float *x, int h, int w, int c, int ph, int pw, int sh, int sw, int top, int left, int mode,
                    float *y, int oh, int ow) {
    for (int oy = 0; oy < oh; oy++) {
        for (int ox = 0; ox < ow; ox++, y += c) {
            int count = 0;
            for (int iy = oy * sh - top; iy < oy * sh - top + ph; iy++) {
                if (iy < 0 || iy >= h) continue;
                for (int ix = ox * sw - left; ix < ox * sw - left + pw; ix++) {
                    if (ix < 0 || ix >= w) continue;
                    const float *pixel = x + (iy * w + ix) * c;
                    for (int i = 0; i < c; i++) {
                        if (count == 0) y[i] = pixel[i];
                        else if (mode == 0) y[i] += pixel[i];
                        else if (mode > 0 ? pixel[i] > y[i] : pixel[i] < y[i]) y[i] = pixel[i];
                    }
                    count++;
                }
            }
            for (int i = 0; mode == 0 && i < c; i++) y[i] /= count;
        }
    }
}""",
    "scale": """
/* Multiply and add: numbers for each of n channels. */
static void scale(const float *x, float *y, int rows, int n, const float *factor, const float *offset) {
    for (int r = 0; r < rows; r++)
        for (int i = 0; i < n; i++) y[r * n + i] = x[r * n + i] * factor[i] + offset[i];
}""",
    "rescale": """
static void rescale(const float *x, float *y, int n, float factor, float offset) {
    for (int i = 0; i < n; i++) y[i] = x[i] * factor + offset;
}""",
    "rectify": """
/* ReLU with an upper bound, a slope below the threshold, and a threshold. */
static void rectify(const float *x, float *y, int n, float most, float slope, float threshold) {
    for (int i = 0; i < n; i++) {
        const float v = x[i];
        y[i] = v >= most ? most : v >= threshold ? v : slope * (v - threshold);
    }
}""",
    "exponential_unit": """
static void exponential_unit(const float *x, float *y, int n, float alpha) {
    for (int i = 0; i < n; i++) y[i] = x[i] > 0 ? x[i] : alpha * expm1f(x[i]);
}""",
    "slopes": """
/* A slope below zero for each value. */
static void slopes(const float *x, float *y, int n, const float *alpha, int period) {
    for (int i = 0; i < n; i++) y[i] = x[i] > 0 ? x[i] : alpha[i % period] * x[i];
}""",
    "unit_length": """
/* Divide each row of n values by its length. */
static void unit_length(const float *x, float *y, int rows, int n) {
    for (int r = 0; r < rows; r++, x += n, y += n) {
        float sum = 0;
        for (int i = 0; i < n; i++) sum += x[i] * x[i];
        const float factor = 1 / sqrtf(sum > 1e-12f ? sum : 1e-12f);
        for (int i = 0; i < n; i++) y[i] = x[i] * factor;
    }
}""",
    "combine": """
/* Combine values of the same shape: 0 adds, 1 subtracts, 2 multiplies, 3 keeps the larger, 4 the smaller, 5 divides. */
static void combine(const float *a, const float *b, float *y, int n, int mode) {
    for (int i = 0; i < n; i++) {
        const float v = a[i], u = b[i];
        y[i] = mode == 0 ? v + u : mode == 1 ? v - u : mode == 2 ? v * u : mode == 5 ? v / u
             : mode == 3 ? (v > u ? v : u) : v < u ? v : u;
    }
}""",
    "place": """
/* Write rows of n values at the beginning of rows of m: a part of a concatenation. */
static void place(const float *x, float *y, int rows, int n, int m) {
    for (int r = 0; r < rows; r++)
        for (int i = 0; i < n; i++) y[r * m + i] = x[r * n + i];
}""",
    "shift": """
/* Cut from an image (h, w, c), or put zeros around it: (oh, ow, c), beginning at (top, left) of the image. */
static void shift(const float *x, int h, int w, int c, int top, int left, float *y, int oh, int ow) {
    for (int oy = 0; oy < oh; oy++)
        for (int ox = 0; ox < ow; ox++)
            for (int i = 0; i < c; i++, y++) {
                const int iy = oy + top, ix = ox + left;
                *y = iy >= 0 && iy < h && ix >= 0 && ix < w ? x[(iy * w + ix) * c + i] : 0;
            }
}""",
    "enlarge": """
/* Repeat each pixel of an image (h, w, c). */
static void enlarge(const float *x, int h, int w, int c, int sh, int sw, float *y) {
    for (int oy = 0; oy < h * sh; oy++)
        for (int ox = 0; ox < w * sw; ox++)
            for (int i = 0; i < c; i++) *y++ = x[(oy / sh * w + ox / sw) * c + i];
}""",
    "copy": """
static void copy(const float *x, float *y, int n) {
    for (int i = 0; i < n; i++) y[i] = x[i];
}""",
}
#: One for each activation that takes a value for itself.
FUNCTIONS |= {
    f"activate_{name}": f"""
static void activate_{name}(const float *x, float *y, int n) {{
    for (int i = 0; i < n; i++) {{
        const float v = x[i];
        y[i] = {expression};
    }}
}}"""
    for name, expression in ACTIVATIONS.items()
}
