// The plainest loops in double precision: what a program makes, without a thought for speed or memory.
#pragma once

#include <limits>

#include "stack.hpp"

namespace convoscope {

using Doubles = std::vector<double>;

// What random graphs are made of: no pooling within a convolution, no strides.
class Plain {
public:
    // Values of all steps for inputs of so many samples. `weights` takes the place of the graph's own.
    Plain(const Stack& graph, std::int64_t samples, const std::vector<Doubles>& inputs,
          const std::vector<Doubles>& weights, bool training)
        : values(inputs), moments(weights), samples_(samples), weights_(weights), training_(training) {
        for (const StepDescription& step : graph.steps) values.push_back(make(step));
        for (const Doubles& all : values)
            for (const double x : all) largest = std::fmax(largest, std::isnan(x) ? 1e300 : std::fabs(x));
    }

    std::vector<Doubles> values;   // of each number
    std::vector<Doubles> moments;  // the weights, with the moving averages as training leaves them

    double largest = 0;  // of all values, without their signs

    // How far the nearest of all values is from where its gradient jumps: a ReLU's input from 0, the values of a
    // maximum from each other. Nearer than a rounding, single precision may see it on the other side.
    double to_jump = std::numeric_limits<double>::infinity();

private:
    const Doubles& read(const StepDescription& step, std::size_t i = 0) const {
        return values[static_cast<std::size_t>(step.from[i])];
    }
    const Doubles& weight(const StepDescription& step, std::size_t i) const {
        return weights_[static_cast<std::size_t>(step.weights[i])];
    }

    static double activated(const std::string& name, double x) {
        if (name == "relu") return std::fmax(x, 0);
        if (name == "tanh") return std::tanh(x);
        if (name == "sigmoid") return 1 / (1 + std::exp(-x));
        if (name == "silu") return x / (1 + std::exp(-x));
        return x;
    }

    // Where it is there, both sides are the same, unless by a rare accident: a maximum of a value and itself.
    void note_jump(double distance) {
        if (distance != 0) to_jump = std::fmin(to_jump, std::fabs(distance));
    }

    void activate(const std::string& name, Doubles& values, std::int64_t units) {
        for (const double x : values)
            if (name == "relu") note_jump(x);
        for (double& x : values) x = activated(name, x);
        if (name != "softmax") return;
        const auto row = static_cast<std::size_t>(units);
        for (std::size_t at = 0; at < values.size(); at += row) {
            double total = 0;
            for (std::size_t j = 0; j < row; j++) total += values[at + j] = std::exp(values[at + j]);
            for (std::size_t j = 0; j < row; j++) values[at + j] /= total;
        }
    }

    Doubles make(const StepDescription& step) {
        Settings settings = step.settings;
        Doubles made;
        if (step.kind == "dense")
            made = dense(step, settings.take<bool>("bias"));
        else if (step.kind == "convolution")
            made = convolution(step, settings.take<bool>("bias"));
        else if (step.kind == "pooling")
            made = mean(step);
        else if (step.kind == "normalization")
            made = normalization(step, settings.take<bool>("frozen"));
        else if (step.kind == "combine")
            made = combine(step, settings.take<std::string>("mode"));
        else if (step.kind == "concatenate")
            made = concatenate(step, static_cast<std::size_t>(settings.take<std::int64_t>("axis")));
        else
            made = read(step);
        if (settings.has("activation")) activate(settings.take<std::string>("activation"), made, step.output.back());
        return made;
    }

    Doubles dense(const StepDescription& step, bool bias) const {
        const std::size_t in = static_cast<std::size_t>(step.input().back()),
                          out = static_cast<std::size_t>(step.output.back());
        const Doubles& x = read(step);
        Doubles made(x.size() / in * out);
        for (std::size_t row = 0; row < x.size() / in; row++)
            for (std::size_t j = 0; j < out; j++) {
                double sum = bias ? weight(step, 1)[j] : 0;
                for (std::size_t i = 0; i < in; i++) sum += x[row * in + i] * weight(step, 0)[i * out + j];
                made[row * out + j] = sum;
            }
        return made;
    }

    // 3×3, as large as its input.
    Doubles convolution(const StepDescription& step, bool bias) const {
        const std::int64_t height = step.input()[0], width = step.input()[1], in = step.input()[2],
                           out = step.output[2];
        Doubles made;
        for (std::int64_t image = 0; image < samples_; image++)
            for (std::int64_t y = 0; y < height; y++)
                for (std::int64_t x = 0; x < width; x++)
                    for (std::int64_t f = 0; f < out; f++) {
                        double sum = bias ? weight(step, 1)[static_cast<std::size_t>(f)] : 0;
                        for (std::int64_t v = 0; v < 3; v++)
                            for (std::int64_t u = 0; u < 3; u++)
                                for (std::int64_t c = 0; c < in; c++) {
                                    const std::int64_t row = y + v - 1, column = x + u - 1;
                                    if (row < 0 || row >= height || column < 0 || column >= width) continue;
                                    const auto at =
                                        static_cast<std::size_t>(((image * height + row) * width + column) * in + c);
                                    sum += read(step)[at] *
                                           weight(step, 0)[static_cast<std::size_t>(((v * 3 + u) * in + c) * out + f)];
                                }
                        if (step.from.size() > 1) sum += read(step, 1)[made.size()];
                        made.push_back(sum);
                    }
        return made;
    }

    // Of the whole map, for each channel.
    Doubles mean(const StepDescription& step) const {
        const std::size_t channels = static_cast<std::size_t>(step.output[2]),
                          pixels = static_cast<std::size_t>(step.input()[0] * step.input()[1]);
        Doubles made(static_cast<std::size_t>(samples_) * channels);
        for (std::size_t i = 0; i < read(step).size(); i++)
            made[i / (pixels * channels) * channels + i % channels] += read(step)[i] / static_cast<double>(pixels);
        return made;
    }

    Doubles normalization(const StepDescription& step, bool frozen) {
        const auto channels = static_cast<std::size_t>(step.output.back());
        Doubles made = read(step);
        const std::size_t rows = made.size() / channels;
        for (std::size_t c = 0; c < channels; c++) {
            double center = weight(step, 2)[c], variance = weight(step, 3)[c];
            if (training_ && !frozen) {
                center = variance = 0;
                for (std::size_t row = 0; row < rows; row++)
                    center += made[row * channels + c] / static_cast<double>(rows);
                for (std::size_t row = 0; row < rows; row++)
                    variance += std::pow(made[row * channels + c] - center, 2) / static_cast<double>(rows);
                move(step.weights[2], c, center);
                move(step.weights[3], c, variance);
            }
            for (std::size_t row = 0; row < rows; row++) {
                double& x = made[row * channels + c];
                x = (x - center) / std::sqrt(variance + 1e-3) * weight(step, 0)[c] + weight(step, 1)[c];
            }
        }
        return made;
    }

    void move(int place, std::size_t c, double now) {
        double& average = moments[static_cast<std::size_t>(place)][c];
        average = average * 0.9 + now * 0.1;
    }

    Doubles combine(const StepDescription& step, const std::string& mode) {
        Doubles made = stretched(step, 0);
        for (std::size_t i = 1; i < step.from.size(); i++) {
            const Doubles other = stretched(step, i);
            for (std::size_t j = 0; j < made.size(); j++) {
                double& x = made[j];
                if (mode == "maximum" || mode == "minimum") note_jump(x - other[j]);
                if (mode == "add" || mode == "average") x += other[j];
                if (mode == "subtract") x -= other[j];
                if (mode == "multiply") x *= other[j];
                if (mode == "maximum") x = std::fmax(x, other[j]);
                if (mode == "minimum") x = std::fmin(x, other[j]);
            }
        }
        if (mode == "average")
            for (double& x : made) x /= static_cast<double>(step.from.size());
        return made;
    }

    // A value of three axes as large as the output.
    Doubles stretched(const StepDescription& step, std::size_t i) const {
        const Shape& own = step.inputs[i];
        const Shape& all = step.output;
        const auto at = [&](std::size_t axis, std::int64_t index) { return own[axis] == 1 ? 0 : index; };
        Doubles made;
        for (std::int64_t n = 0; n < samples_; n++)
            for (std::int64_t y = 0; y < all[0]; y++)
                for (std::int64_t x = 0; x < all[1]; x++)
                    for (std::int64_t c = 0; c < all[2]; c++)
                        made.push_back(read(step, i)[static_cast<std::size_t>(
                            ((n * own[0] + at(0, y)) * own[1] + at(1, x)) * own[2] + at(2, c))]);
        return made;
    }

    Doubles concatenate(const StepDescription& step, std::size_t axis) const {
        std::int64_t outer = samples_;
        for (std::size_t i = 0; i < axis; i++) outer *= step.output[i];
        Doubles made;
        for (std::int64_t piece = 0; piece < outer; piece++)
            for (std::size_t i = 0; i < step.from.size(); i++) {
                const Doubles& x = read(step, i);
                const auto length = static_cast<std::int64_t>(x.size()) / outer;
                made.insert(made.end(), x.begin() + piece * length, x.begin() + (piece + 1) * length);
            }
        return made;
    }

    const std::int64_t samples_;
    const std::vector<Doubles>& weights_;
    const bool training_;
};

}  // namespace convoscope
