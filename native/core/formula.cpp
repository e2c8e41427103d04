#include "formula.hpp"

#include <algorithm>
#include <cmath>

namespace convoscope {
namespace {

float taken(Settings& settings, const char* name) { return static_cast<float>(settings.take<double>(name)); }

// The two means that many formulas keep, and what keeps their division from blowing up.
Formula with_means(Settings& settings, Kernels::Update Kernels::* kernel) {
    Formula formula;
    formula.kernel = kernel;
    formula.has = {true, true};
    formula.beta_1 = settings.take<double>("beta_1");
    formula.beta_2 = settings.take<double>("beta_2");
    formula.numbers.beta_1 = static_cast<float>(formula.beta_1);
    formula.numbers.beta_2 = static_cast<float>(formula.beta_2);
    return formula;
}

Formula sgd(Settings& settings) {
    Formula formula;
    formula.kernel = &Kernels::update_sgd;
    formula.numbers.momentum = taken(settings, "momentum");
    formula.numbers.nesterov = settings.take<bool>("nesterov");
    formula.has = {formula.numbers.momentum != 0};
    return formula;
}

Formula adam(Settings& settings) {
    Formula formula = with_means(settings, &Kernels::update_adam);
    formula.numbers.epsilon = taken(settings, "epsilon");
    formula.has[2] = settings.take<bool>("amsgrad");
    if (formula.has[2]) formula.kernel = &Kernels::update_amsgrad;
    formula.settle = [](const Formula& own, double rate, double count, UpdateNumbers& numbers) {
        numbers.rate =
            static_cast<float>(rate * std::sqrt(1 - std::pow(own.beta_2, count)) / (1 - std::pow(own.beta_1, count)));
    };
    return formula;
}

Formula rmsprop(Settings& settings) {
    Formula formula;
    formula.kernel = &Kernels::update_rmsprop;
    formula.numbers.rho = taken(settings, "rho");
    formula.numbers.momentum = taken(settings, "momentum");
    formula.numbers.epsilon = taken(settings, "epsilon");
    formula.has = {true, formula.numbers.momentum != 0, settings.take<bool>("centered")};
    return formula;
}

Formula adamax(Settings& settings) {
    Formula formula = with_means(settings, &Kernels::update_adamax);
    formula.numbers.epsilon = taken(settings, "epsilon");
    formula.settle = [](const Formula& own, double rate, double count, UpdateNumbers& numbers) {
        numbers.rate = static_cast<float>(rate / (1 - std::pow(own.beta_1, count)));
    };
    return formula;
}

// Each step has a momentum of its own, up to beta_1 (Dozat, 2016); after 1,000 steps it grows by nothing.
double growth(double count) { return 1 - 0.5 * std::pow(0.96, count); }

Formula nadam(Settings& settings) {
    Formula formula = with_means(settings, &Kernels::update_nadam);
    formula.numbers.epsilon = taken(settings, "epsilon");
    formula.settle = [](const Formula& own, double, double count, UpdateNumbers& numbers) {
        double product = std::pow(own.beta_1, count);
        for (double step = 1; step <= std::min(count, 1000.0); step++) product *= growth(step);
        const double now = own.beta_1 * growth(count), ahead = own.beta_1 * growth(count + 1);
        numbers.of_mean = static_cast<float>(ahead / (1 - product * ahead));
        numbers.of_gradient = static_cast<float>((1 - now) / (1 - product));
        numbers.of_square = static_cast<float>(1 / (1 - std::pow(own.beta_2, count)));
    };
    return formula;
}

Formula adagrad(Settings& settings) {
    Formula formula;
    formula.kernel = &Kernels::update_adagrad;
    formula.has = {true};
    formula.numbers.epsilon = taken(settings, "epsilon");
    settings.take<double>("initial_accumulator_value");  // is in the slot already
    return formula;
}

Formula adadelta(Settings& settings) {
    Formula formula;
    formula.kernel = &Kernels::update_adadelta;
    formula.has = {true, true};
    formula.numbers.rho = taken(settings, "rho");
    formula.numbers.epsilon = taken(settings, "epsilon");
    return formula;
}

Formula lion(Settings& settings) {
    Formula formula = with_means(settings, &Kernels::update_lion);
    formula.has = {true};
    return formula;
}

Formula ftrl(Settings& settings) {
    Formula formula;
    formula.kernel = &Kernels::update_ftrl;
    formula.has = {true, true};
    formula.numbers.power = -taken(settings, "learning_rate_power");
    formula.numbers.l1 = taken(settings, "l1_regularization_strength");
    formula.numbers.shrinkage = taken(settings, "l2_shrinkage_regularization_strength");
    formula.l2 = settings.take<double>("l2_regularization_strength");
    formula.beta = settings.take<double>("beta");
    settings.take<double>("initial_accumulator_value");
    formula.settle = [](const Formula& own, double rate, double, UpdateNumbers& numbers) {
        numbers.l2 = static_cast<float>(own.l2 + own.beta / (2 * rate));
    };
    return formula;
}

}  // namespace

UpdateNumbers Formula::at(double rate, std::int64_t count) const {
    UpdateNumbers step = numbers;
    step.rate = static_cast<float>(rate);
    if (settle) settle(*this, rate, static_cast<double>(count), step);
    return step;
}

Formula formula_of(Settings& settings) {
    using Maker = Formula (*)(Settings&);
    static const std::map<std::string, Maker> kinds = {{"sgd", sgd},           {"adam", adam},   {"rmsprop", rmsprop},
                                                       {"adamax", adamax},     {"nadam", nadam}, {"adagrad", adagrad},
                                                       {"adadelta", adadelta}, {"lion", lion},   {"ftrl", ftrl}};
    return settings.take("kind", kinds)(settings);
}

}  // namespace convoscope
