// A fuzz target for the core: bytes become a program's description and a small batch, which are then run.
//
//   convoscope_core_fuzz --runs 100000 --seed 1              100,000 inputs that follow from the seed
//   convoscope_core_fuzz --runs 1 --seed 1 --first 4711      one of them again
//
// About half of the descriptions are right; in the others one to three numbers are not. A description is refused with
// std::invalid_argument, or all that can be done with its program must go well under the sanitizers: no read or write
// outside of an array, no overflow, no allocation over `most_bytes`, no more than `most_seconds`. With clang,
// LLVMFuzzerTestOneInput can be given to libFuzzer instead (-DCONVOSCOPE_LIBFUZZER).
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <random>
#include <stdexcept>
#include <string>

#include "../calls.hpp"
#include "../rules.hpp"
#include "isa/choice.hpp"
#include "making.hpp"

using namespace convoscope;
using namespace convoscope::fuzz;

namespace {

constexpr std::size_t most_bytes = std::size_t{1} << 30;  // of one allocation
constexpr unsigned most_seconds = 10;                     // for one input
constexpr std::int64_t most_work = 1 << 22;               // multiply-adds of a sample of a program that is run
constexpr std::int64_t most_scratch = 1 << 24;            // floats of a worker of a program that is run

unsigned long current_seed = 0, current_run = 0;

void stop(const char* why) {
    std::fprintf(stderr, "FAILED: %s, at --runs 1 --seed %lu --first %lu\n", why, current_seed, current_run);
    std::abort();
}

bool small_enough(const Program& program) {
    std::int64_t work = 0;
    for (const std::int64_t size : program.graph().sizes)
        if (size > most_run) return false;
    for (const auto& step : program.steps()) {
        if (step->scratch_floats(kernels()) > most_scratch || step->memo_floats(kernels()) > most_scratch) return false;
        work += step->work();
        if (work > most_work) return false;
    }
    return true;
}

struct Data {
    Data(const Program& program, Bytes& bytes) : samples(1 + bytes.choice(5)), x(program, samples) {
        std::minstd_rand random(1 + bytes.byte());
        for (Floats& values : x.x)
            for (float& value : values) value = static_cast<float>(random() % 256) / 255.0f;
        outputs = targets = output_rooms(program, samples);
        for (std::size_t o = 0; o < outputs.size(); o++) {
            const Output& output = program.output(o);
            targets[o].assign(targets[o].size(), 0.25f);
            losses.emplace_back(static_cast<std::size_t>(samples));
            labels.emplace_back();
            for (std::int64_t i = 0; i < samples * output.rows(); i++)
                labels[o].push_back(static_cast<std::int32_t>(
                    bytes.choice(256) == 1 ? bytes.number(-1, 2)
                                           : bytes.choice(std::min<std::int64_t>(output.units, 200))));
            Loss loss{static_cast<Loss::Kind>(bytes.choice(Loss::kinds)), bytes.flag(), 0.1f, 0.5f};
            loss.reduction = static_cast<Loss::Reduction>(bytes.choice(4));
            if (bytes.flag()) loss.ignored = 1;
            scorings.emplace_back();
            if (bytes.choice(4) != 1) scorings[o] = Scoring{loss, {labels[o].data(), targets[o].data()}, nullptr};
        }
    }
    Data(const Data&) = delete;

    const std::int64_t samples;
    Samples x;
    std::vector<Floats> outputs, targets, losses;
    std::vector<std::vector<std::int32_t>> labels;
    Scorings scorings;
};

void predict(Program& program, Data& data) {
    Interrupt interrupt;
    std::vector<Floats> rooms;
    for (const auto& step : program.steps())
        rooms.emplace_back(static_cast<std::size_t>(data.samples * step->output_size));
    const std::vector<float*> outputs = pointers(data.outputs), losses = pointers(data.losses);
    program.predict(data.x.images(), outputs.data(), nullptr, nullptr, nullptr, interrupt);
    program.predict(data.x.images(), outputs.data(), pointers(rooms).data(), nullptr, nullptr, interrupt);
    for (std::size_t o = 0; o < outputs.size(); o++)
        if (data.scorings[o] && data.scorings[o]->loss.sparse())
            check_labels(data.scorings[o]->loss, data.labels[o].data(), data.samples * program.output(o).rows(),
                         program.output(o).units);
    program.predict(data.x.images(), outputs.data(), nullptr, &data.scorings, losses.data(), interrupt);
}

void learn(Program& program, Data& data, Bytes& bytes) {
    Interrupt interrupt;
    const bool training = bytes.flag();
    std::vector<Floats> arriving = data.targets;
    for (Floats& gradient : arriving)
        if (bytes.choice(4) == 1) gradient.clear();
    pull(program, data.x, arriving, training);
    Found found(program, data.x);
    loss_gradients(program, data.x.images(), data.scorings, pointers(data.losses), found.request(program, training),
                   interrupt);

    Stretch stretch{};
    stretch.x = data.x.images();
    stretch.scorings = data.scorings;
    std::vector<std::int64_t> rows;
    for (std::int64_t i = 0; i < 2 * data.samples; i++)
        rows.push_back(bytes.choice(64) == 1 ? bytes.number(0, 1) : bytes.choice(data.samples));
    stretch.rows = rows.data();
    stretch.count = static_cast<std::int64_t>(rows.size());
    stretch.batch_size = 1 + bytes.choice(4);
    const std::vector<Settings> known = optimizers();
    const auto chosen = static_cast<std::size_t>(bytes.choice(static_cast<std::int64_t>(known.size())));
    bool learns = false;
    for (const Weight& weight : program.weights()) learns = learns || weight.trainable;
    stretch.rule = rule_with(known[chosen], learns && bytes.flag());
    const std::vector<double> rates(rows.size(), bytes.real());
    stretch.learning_rates = rates.data();
    std::vector<std::unique_ptr<Floats>> slots;
    for (const Weight& weight : program.weights()) {
        if (!weight.trainable) continue;
        std::vector<float*> own;
        for (std::size_t i = 0; i < stretch.rule.slots(); i++) {
            slots.push_back(std::make_unique<Floats>(static_cast<std::size_t>(size_of(weight.shape))));
            own.push_back(slots.back()->data());
        }
        stretch.slots.push_back(own);
    }
    std::vector<Floats> losses(data.outputs.size(), Floats(rows.size())),
        outputs = output_rooms(program, stretch.count);
    stretch.losses = pointers(losses);
    stretch.outputs = pointers(outputs);
    std::vector<double> penalties((rows.size() + static_cast<std::size_t>(stretch.batch_size) - 1) /
                                  static_cast<std::size_t>(stretch.batch_size));
    if (bytes.flag()) stretch.penalties = penalties.data();
    train(program, stretch, std::nullopt, interrupt);
}

int counts[2];  // of programs refused, and run

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Bytes bytes(data, size);
    try {
        Making made(bytes);
        Program program(made.inputs, made.steps, made.weights, made.outputs);
        if (!small_enough(program)) return 0;
        Data batch(program, bytes);
        predict(program, batch);
        learn(program, batch, bytes);
        counts[1]++;
    } catch (const std::invalid_argument&) {
        counts[0]++;
    } catch (const std::exception& error) {
        stop(error.what());
    }
    return 0;
}

// Every allocation is seen, so that one over the bound is found; the sanitizer watches the memory itself.
namespace {

void* allocated(std::size_t bytes, std::size_t alignment) {
    if (bytes > most_bytes) stop("an allocation over the bound");
    void* const data = alignment <= alignof(std::max_align_t)
                           ? std::malloc(bytes ? bytes : 1)
                           : std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
    if (!data) stop("no memory");
    return data;
}

}  // namespace

void* operator new(std::size_t bytes) { return allocated(bytes, 1); }
void* operator new(std::size_t bytes, std::align_val_t at) { return allocated(bytes, static_cast<std::size_t>(at)); }
void* operator new(std::size_t bytes, std::align_val_t at, const std::nothrow_t&) noexcept {
    return allocated(bytes, static_cast<std::size_t>(at));
}
// gcc takes an inlined malloc and free for a mismatch of new and delete.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
void operator delete(void* data) noexcept { std::free(data); }
void operator delete(void* data, std::size_t) noexcept { std::free(data); }
void operator delete(void* data, std::align_val_t) noexcept { std::free(data); }
void operator delete(void* data, std::size_t, std::align_val_t) noexcept { std::free(data); }

#ifndef CONVOSCOPE_LIBFUZZER

#if defined(__SANITIZE_ADDRESS__)
extern "C" void __sanitizer_set_death_callback(void (*)());
#endif

int main(int count, char** arguments) {
    unsigned long runs = 10000, seed = 1, first = 0;
    for (int i = 1; i + 1 < count; i += 2) {
        const std::string name = arguments[i];
        unsigned long& value = name == "--runs" ? runs : name == "--seed" ? seed : first;
        if (name != "--runs" && name != "--seed" && name != "--first") {
            std::fprintf(stderr, "usage: %s [--runs N] [--seed S] [--first N]\n", arguments[0]);
            return 2;
        }
        value = std::strtoul(arguments[i + 1], nullptr, 10);
    }
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_set_death_callback(
        [] { std::fprintf(stderr, "FAILED: at --runs 1 --seed %lu --first %lu\n", current_seed, current_run); });
#endif
    std::signal(SIGALRM, [](int) { stop("more than 10 seconds"); });
    current_seed = seed;
    const std::vector<std::string> isas = available_isas();
    Pool::shared().set_threads(2);
    for (unsigned long run = first; run < first + runs; run++) {
        current_run = run;
        std::seed_seq sequence{seed, run};
        std::mt19937 random(sequence);
        set_isa(isas[random() % isas.size()]);
        std::vector<std::uint8_t> input(64 + random() % 1024);
        for (std::uint8_t& byte : input) byte = static_cast<std::uint8_t>(random());
        alarm(most_seconds);
        LLVMFuzzerTestOneInput(input.data(), input.size());
    }
    alarm(0);
    Pool::shared().set_threads(1);
    std::printf("%lu inputs: %d programs refused, %d run, the others too large to run: good\n", runs, counts[0],
                counts[1]);
}

#endif
