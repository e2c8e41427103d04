#include "update.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>

namespace convoscope {
namespace {

constexpr std::int64_t piece_floats = 4096;
constexpr std::int64_t most_bounds = 64;  // into which the norms of a weight are divided

}  // namespace

std::size_t UpdateRule::slots() const {
    return formula.slots() + (ema_momentum ? 1u : 0u) + (accumulation > 1 ? 1u : 0u);
}

UpdateRule rule_of(Settings settings) {
    using Maybe = std::optional<double>;
    UpdateRule rule;
    rule.formula = formula_of(settings);
    rule.weight_decay = settings.take<double>("weight_decay");
    rule.undecayed = settings.take<std::vector<std::int64_t>>("undecayed");
    rule.clip_value = settings.take<Maybe>("clipvalue");
    rule.clip_norm = settings.take<Maybe>("clipnorm");
    rule.global_clip_norm = settings.take<Maybe>("global_clipnorm");
    rule.accumulation = settings.take<std::int64_t>("accumulation");
    rule.ema_momentum = settings.take<Maybe>("ema_momentum");
    rule.ema_overwrite_frequency = settings.take<std::optional<std::int64_t>>("ema_overwrite_frequency");
    settings.finish();
    if (rule.accumulation < 1 || rule.ema_overwrite_frequency.value_or(1) < 1)
        throw std::invalid_argument("accumulation and ema_overwrite_frequency count from 1");
    return rule;
}

Update::Update(const Program& program, const UpdateRule& rule, const std::vector<std::vector<float*>>& slots)
    : program_(program), rule_(rule), slots_(slots), decays_(slots.size(), true), turned_(slots.size()) {
    for (const std::int64_t place : rule.undecayed) decays_.at(static_cast<std::size_t>(place)) = false;
    int trainable = 0;
    for (std::size_t w = 0; w < program.weights().size(); w++) {
        if (!program.weights()[w].trainable) continue;
        const std::int64_t size = size_of(program.weights()[w].shape);
        for (std::int64_t begin = 0; begin < size; begin += piece_floats)
            pieces_.push_back({static_cast<int>(w), trainable, begin, std::min(begin + piece_floats, size)});
        if (program.weights()[w].regulation.orthogonal)
            turning_.emplace_back(static_cast<std::size_t>(trainable), program.weights()[w]);
        trainable++;
        if (!program.weights()[w].regulation.norm) continue;
        norms_.emplace_back(program.weights()[w]);
        const std::int64_t units = norms_.back().units(), parts = std::min(units, most_bounds);
        for (std::int64_t part = 0; part < parts; part++)
            bounds_.push_back({norms_.size() - 1, part_of(units, part, parts)});
    }
}

Update::Moment Update::moment(std::int64_t number) const {
    const std::int64_t before = (number - 1) / rule_.accumulation;
    const std::int64_t often = rule_.ema_overwrite_frequency.value_or(0);
    return {number % rule_.accumulation == 0, before + 1,
            before > 0 ? static_cast<float>(rule_.ema_momentum.value_or(0)) : 0.0f,
            often > 0 && (before + 1) % often == 0};
}

// The piece's gradient, with that of its penalty, which is returned.
double Update::gather(const Batch& batch, const Piece& p, const Moment& now) const {
    float* sum = batch.partial(p.weight, 0) + p.begin;
    for (int i = 1; i < batch.partials(p.weight); i++)
        batch.kernels().add(batch.partial(p.weight, i) + p.begin, sum, p.end - p.begin);
    const Regulation& own = regulation(p);
    double penalty = 0;
    if (const float* const turned = turned_[static_cast<std::size_t>(p.trainable)])
        batch.kernels().add(turned + p.begin, sum, p.end - p.begin);
    if (own.penalized()) penalty = batch.kernels().penalize(own.l1, own.l2, values(p), sum, p.end - p.begin);
    if (rule_.accumulation > 1) accumulate(p, now, sum);
    return penalty;
}

// Gradients of several batches: their mean where a step is due, else their sum, for the next batch.
void Update::accumulate(const Piece& p, const Moment& now, float* gradient) const {
    float* const sum = slot(p, rule_.slots() - 1);
    const auto batches = static_cast<float>(rule_.accumulation);
    for (std::int64_t i = 0; i < p.end - p.begin; i++) {
        const float total = sum[i] + gradient[i];
        sum[i] = now.due ? 0 : total;
        gradient[i] = total / batches;
    }
}

// The sum of squares of each trainable weight's gradient, added up in the order of the pieces.
std::vector<double> Update::squares(Batch& batch, std::vector<double>& penalties, const Moment& now) {
    std::vector<double> of_piece(pieces_.size()), of_weight(slots_.size(), 0.0);
    Interrupt never;
    batch.team().run_with(never, static_cast<int>(pieces_.size()), [&](int i, const Worker&) {
        const Piece& p = pieces_[static_cast<std::size_t>(i)];
        penalties[static_cast<std::size_t>(i)] = gather(batch, p, now);
        of_piece[static_cast<std::size_t>(i)] =
            batch.kernels().sum_of_squares(batch.partial(p.weight, 0) + p.begin, p.end - p.begin);
    });
    for (std::size_t i = 0; i < pieces_.size(); i++)
        of_weight[static_cast<std::size_t>(pieces_[i].trainable)] += of_piece[i];
    return of_weight;
}

// What clipping by norms leaves of each trainable weight's gradient.
std::vector<float> Update::factors(Batch& batch, std::vector<double>& penalties, const Moment& now) {
    const std::vector<double> sums = squares(batch, penalties, now);
    double all = 0;
    for (const double sum : sums) all += sum;
    const double limit = rule_.global_clip_norm ? *rule_.global_clip_norm : *rule_.clip_norm;
    std::vector<float> left;
    for (const double sum : sums) {
        const double norm = std::sqrt(rule_.global_clip_norm ? all : sum);
        left.push_back(norm > limit ? static_cast<float>(limit / norm) : 1.0f);
    }
    return left;
}

void Update::apply(const Batch& batch, const Piece& p, const UpdateNumbers& numbers) const {
    std::array<float*, 3> arrays{};
    std::size_t next = 0;
    for (std::size_t i = 0; i < arrays.size(); i++)
        if (rule_.formula.has[i]) arrays[i] = slot(p, next++);
    (batch.kernels().*rule_.formula.kernel)(numbers, values(p), arrays.data(), batch.partial(p.weight, 0) + p.begin,
                                            p.end - p.begin);
}

void Update::average(const Piece& p, const Moment& now) const {
    float* const kept = slot(p, rule_.formula.slots());
    float* const weight = values(p);
    for (std::int64_t i = 0; i < p.end - p.begin; i++) {
        kept[i] = now.momentum * kept[i] + (1 - now.momentum) * weight[i];
        if (now.overwrites) weight[i] = kept[i];
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

double Update::take(Batch& batch, double learning_rate, std::int64_t number) {
    const Moment now = moment(number);
    UpdateNumbers u = rule_.formula.at(learning_rate, now.count);
    u.clip = rule_.clip_value ? static_cast<float>(*rule_.clip_value) : std::numeric_limits<float>::infinity();
    const auto shrink = static_cast<float>(1 - learning_rate * rule_.weight_decay);

    const bool by_norm = (rule_.clip_norm || rule_.global_clip_norm) && now.due;
    std::vector<float> left(slots_.size(), 1.0f);
    std::vector<double> penalties(pieces_.size());
    double turned = 0;
    for (auto& [trainable, turning] : turning_) {
        turned += turning.find();
        turned_[trainable] = turning.gradient();
    }
    if (by_norm) left = factors(batch, penalties, now);
    Interrupt never;
    batch.team().run_with(never, static_cast<int>(pieces_.size()), [&](int i, const Worker&) {
        const Piece& p = pieces_[static_cast<std::size_t>(i)];
        const auto trainable = static_cast<std::size_t>(p.trainable);
        if (!by_norm) penalties[static_cast<std::size_t>(i)] = gather(batch, p, now);
        UpdateNumbers own = u;
        own.factor = left[trainable];
        own.shrink = decays_[trainable] ? shrink : 1.0f;
        if (now.due) apply(batch, p, own);
        if (rule_.ema_momentum) average(p, now);
        if (regulation(p).non_negative) batch.kernels().non_negative(values(p), p.end - p.begin);
    });
    if (!bounds_.empty()) hold(batch);
    batch.commit();
    return std::accumulate(penalties.begin(), penalties.end(), turned);
}

}  // namespace convoscope
