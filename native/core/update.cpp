#include "update.hpp"

#include <cmath>
#include <limits>
#include <numeric>

namespace convoscope {
namespace {

constexpr std::int64_t piece_floats = 4096;
constexpr std::int64_t most_bounds = 64;  // into which the norms of a weight are divided

}  // namespace

std::size_t UpdateRule::slots() const {
    if (kind == Kind::adam) return 2;
    return (kind == Kind::rmsprop ? 1u : 0u) + (momentum != 0 ? 1u : 0u) +
           (kind == Kind::rmsprop && centered ? 1u : 0u);
}

UpdateRule rule_of(Settings settings) {
    static const std::map<std::string, UpdateRule::Kind> kinds = {
        {"sgd", UpdateRule::Kind::sgd}, {"adam", UpdateRule::Kind::adam}, {"rmsprop", UpdateRule::Kind::rmsprop}};
    using Maybe = std::optional<double>;
    UpdateRule rule;
    rule.kind = settings.take("kind", kinds);
    rule.momentum = settings.take<double>("momentum");
    rule.nesterov = settings.take<bool>("nesterov");
    rule.beta_1 = settings.take<double>("beta_1");
    rule.beta_2 = settings.take<double>("beta_2");
    rule.epsilon = settings.take<double>("epsilon");
    rule.rho = settings.take<double>("rho");
    rule.centered = settings.take<bool>("centered");
    rule.weight_decay = settings.take<double>("weight_decay");
    rule.clip_value = settings.take<Maybe>("clipvalue");
    rule.clip_norm = settings.take<Maybe>("clipnorm");
    rule.global_clip_norm = settings.take<Maybe>("global_clipnorm");
    settings.finish();
    return rule;
}

Update::Update(const Program& program, const UpdateRule& rule, const std::vector<std::vector<float*>>& slots)
    : program_(program), rule_(rule), slots_(slots) {
    int trainable = 0;
    for (std::size_t w = 0; w < program.weights().size(); w++) {
        if (!program.weights()[w].trainable) continue;
        const std::int64_t size = size_of(program.weights()[w].shape);
        for (std::int64_t begin = 0; begin < size; begin += piece_floats)
            pieces_.push_back({static_cast<int>(w), trainable, begin, std::min(begin + piece_floats, size)});
        trainable++;
        if (!program.weights()[w].regulation.norm) continue;
        norms_.emplace_back(program.weights()[w]);
        const std::int64_t units = norms_.back().units(), parts = std::min(units, most_bounds);
        for (std::int64_t part = 0; part < parts; part++)
            bounds_.push_back({norms_.size() - 1, part_of(units, part, parts)});
    }
}

// The piece's gradient, with that of its penalty, which is returned.
double Update::gather(const Batch& batch, const Piece& p) const {
    float* sum = batch.partial(p.weight, 0) + p.begin;
    for (int i = 1; i < batch.partials(p.weight); i++)
        batch.kernels().add(batch.partial(p.weight, i) + p.begin, sum, p.end - p.begin);
    const Regulation& own = regulation(p);
    if (!own.penalised()) return 0;
    const float* weight = program_.weights()[static_cast<std::size_t>(p.weight)].values + p.begin;
    return batch.kernels().penalise(own.l1, own.l2, weight, sum, p.end - p.begin);
}

// The sum of squares of each trainable weight's gradient, added up in the order of the pieces.
std::vector<double> Update::squares(Batch& batch, std::vector<double>& penalties) {
    std::vector<double> of_piece(pieces_.size()), of_weight(slots_.size(), 0.0);
    Interrupt never;
    batch.team().run_with(never, static_cast<int>(pieces_.size()), [&](int i, const Worker&) {
        const Piece& p = pieces_[static_cast<std::size_t>(i)];
        penalties[static_cast<std::size_t>(i)] = gather(batch, p);
        of_piece[static_cast<std::size_t>(i)] =
            batch.kernels().sum_of_squares(batch.partial(p.weight, 0) + p.begin, p.end - p.begin);
    });
    for (std::size_t i = 0; i < pieces_.size(); i++)
        of_weight[static_cast<std::size_t>(pieces_[i].trainable)] += of_piece[i];
    return of_weight;
}

void Update::apply(const Batch& batch, const Piece& p, UpdateNumbers u) const {
    const Kernels& k = batch.kernels();
    const float* gradient = batch.partial(p.weight, 0) + p.begin;
    float* weight = program_.weights()[static_cast<std::size_t>(p.weight)].values + p.begin;
    const auto& slots = slots_[static_cast<std::size_t>(p.trainable)];
    std::size_t next = 0;
    const auto slot = [&](bool there) { return there ? slots[next++] + p.begin : nullptr; };
    const std::int64_t count = p.end - p.begin;
    switch (rule_.kind) {
        case UpdateRule::Kind::sgd: {
            return k.update_sgd(u, weight, slot(rule_.momentum != 0), gradient, count);
        }
        case UpdateRule::Kind::adam: {
            float* const mean = slot(true);
            return k.update_adam(u, weight, mean, slot(true), gradient, count);
        }
        case UpdateRule::Kind::rmsprop: {
            float* const velocity = slot(true);
            float* const momentum = slot(rule_.momentum != 0);
            return k.update_rmsprop(u, weight, velocity, momentum, slot(rule_.centered), gradient, count);
        }
    }
}

// Norms are of whole weights, so they wait until all pieces have been changed.
void Update::hold(Batch& batch) const {
    Interrupt never;
    batch.team().run_with(never, static_cast<int>(bounds_.size()), [&](int i, const Worker&) {
        const Bound& bound = bounds_[static_cast<std::size_t>(i)];
        norms_[bound.weight].hold(batch.kernels(), bound.units);
    });
}

double Update::take(Batch& batch, double learning_rate, std::int64_t step) {
    UpdateNumbers u{};
    u.rate = static_cast<float>(learning_rate);
    if (rule_.kind == UpdateRule::Kind::adam) {
        const auto t = static_cast<double>(step);
        u.rate = static_cast<float>(learning_rate * std::sqrt(1 - std::pow(rule_.beta_2, t)) /
                                    (1 - std::pow(rule_.beta_1, t)));
    }
    u.shrink = static_cast<float>(1 - learning_rate * rule_.weight_decay);
    u.clip = rule_.clip_value ? static_cast<float>(*rule_.clip_value) : std::numeric_limits<float>::infinity();
    u.factor = 1;
    u.momentum = static_cast<float>(rule_.momentum);
    u.nesterov = rule_.nesterov;
    u.beta_1 = static_cast<float>(rule_.beta_1);
    u.beta_2 = static_cast<float>(rule_.beta_2);
    u.rho = static_cast<float>(rule_.rho);
    u.epsilon = static_cast<float>(rule_.epsilon);

    const bool by_norm = rule_.clip_norm || rule_.global_clip_norm;
    std::vector<float> factors(slots_.size(), 1.0f);
    std::vector<double> penalties(pieces_.size());
    if (by_norm) {
        const std::vector<double> sums = squares(batch, penalties);
        double all = 0;
        for (const double sum : sums) all += sum;
        const double limit = rule_.global_clip_norm ? *rule_.global_clip_norm : *rule_.clip_norm;
        for (std::size_t i = 0; i < sums.size(); i++) {
            const double norm = std::sqrt(rule_.global_clip_norm ? all : sums[i]);
            factors[i] = norm > limit ? static_cast<float>(limit / norm) : 1.0f;
        }
    }
    Interrupt never;
    batch.team().run_with(never, static_cast<int>(pieces_.size()), [&](int i, const Worker&) {
        const Piece& p = pieces_[static_cast<std::size_t>(i)];
        if (!by_norm) penalties[static_cast<std::size_t>(i)] = gather(batch, p);
        UpdateNumbers own = u;
        own.factor = factors[static_cast<std::size_t>(p.trainable)];
        apply(batch, p, own);
        if (regulation(p).non_negative)
            batch.kernels().non_negative(program_.weights()[static_cast<std::size_t>(p.weight)].values + p.begin,
                                         p.end - p.begin);
    });
    if (!bounds_.empty()) hold(batch);
    batch.commit();
    return std::accumulate(penalties.begin(), penalties.end(), 0.0);
}

}  // namespace convoscope
