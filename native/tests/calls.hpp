// Programs called with arrays that are exactly as large as they must be.
#pragma once

#include "check.hpp"
#include "core/training.hpp"

namespace convoscope {

struct Samples {
    std::int64_t count;
    std::vector<Floats> x;  // of each input

    Samples(const Program& program, std::int64_t samples) : count(samples) {
        for (int i = 0; i < program.graph().inputs; i++) x.push_back(random_floats(count * program.input_size(i)));
    }

    std::vector<Images> images(std::int64_t first = 0, std::int64_t samples = -1) const {
        std::vector<Images> images;
        for (const Floats& values : x) {
            const std::int64_t size = static_cast<std::int64_t>(values.size()) / count;
            images.push_back({values.data() + first * size, Images::Type::floats, samples < 0 ? count : samples, size});
        }
        return images;
    }
};

inline std::vector<float*> pointers(std::vector<Floats>& rooms) {
    std::vector<float*> found;
    for (Floats& room : rooms) found.push_back(room.data());
    return found;
}

// Room for each output of so many samples.
inline std::vector<Floats> output_rooms(const Program& program, std::int64_t samples) {
    std::vector<Floats> rooms;
    for (const Output& output : program.outputs()) rooms.emplace_back(static_cast<std::size_t>(samples * output.size));
    return rooms;
}

inline std::vector<Floats> random_gradients(const Program& program, std::int64_t samples) {
    std::vector<Floats> gradients;
    for (const Output& output : program.outputs()) gradients.push_back(random_floats(samples * output.size));
    return gradients;
}

inline std::vector<Floats> predict(Program& program, const Samples& samples, std::int64_t first, std::int64_t count) {
    std::vector<Floats> outputs = output_rooms(program, count);
    Interrupt interrupt;
    program.predict(samples.images(first, count), pointers(outputs).data(), nullptr, nullptr, nullptr, interrupt);
    return outputs;
}

struct Found {
    std::vector<Floats> outputs, inputs, weights, losses;

    Found(const Program& program, const Samples& samples)
        : outputs(output_rooms(program, samples.count)), inputs(samples.x), losses(outputs.size()) {
        for (Floats& loss : losses) loss.resize(static_cast<std::size_t>(samples.count));
        for (const Weight& weight : program.weights())
            weights.emplace_back(static_cast<std::size_t>(size_of(weight.shape)));
    }

    GradientRequest request(const Program& program, bool training) {
        GradientRequest request{training, 3, 5, pointers(outputs), pointers(inputs), {}};
        for (std::size_t i = 0; i < weights.size(); i++)
            request.weights.push_back(program.weights()[i].trainable ? weights[i].data() : nullptr);
        return request;
    }
};

// An empty gradient is none.
inline Found pull(Program& program, const Samples& samples, const std::vector<Floats>& gradients, bool training) {
    Found found(program, samples);
    std::vector<const float*> arriving;
    for (const Floats& gradient : gradients) arriving.push_back(gradient.empty() ? nullptr : gradient.data());
    Interrupt interrupt;
    pullback(program, samples.images(), arriving, found.request(program, training), interrupt);
    return found;
}

inline void expect_near(const std::vector<Floats>& found, const std::vector<Floats>& expected, double tolerance,
                        const std::string& what) {
    for (std::size_t i = 0; i < expected.size(); i++)
        ::expect_near(found[i], expected[i], tolerance, what + " " + std::to_string(i));
}

}  // namespace convoscope
