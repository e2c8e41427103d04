// Update rules as Python tells them.
#pragma once

#include "core/training.hpp"

namespace convoscope {

// Every optimizer's own settings.
inline std::vector<Settings> optimizers() {
    const auto means = [](const char* kind) {
        return Settings{{"kind", kind}, {"beta_1", 0.9}, {"beta_2", 0.99}, {"epsilon", 1e-7}};
    };
    Settings adam = means("adam"), amsgrad = means("adam");
    adam.set("amsgrad", false);
    amsgrad.set("amsgrad", true);
    return {
        Settings{{"kind", "sgd"}, {"momentum", 0.0}, {"nesterov", false}},
        Settings{{"kind", "sgd"}, {"momentum", 0.9}, {"nesterov", true}},
        adam,
        amsgrad,
        Settings{{"kind", "rmsprop"}, {"rho", 0.9}, {"momentum", 0.5}, {"epsilon", 1e-7}, {"centered", true}},
        means("adamax"),
        means("nadam"),
        Settings{{"kind", "adagrad"}, {"initial_accumulator_value", 0.1}, {"epsilon", 1e-7}},
        Settings{{"kind", "adadelta"}, {"rho", 0.95}, {"epsilon", 1e-7}},
        Settings{{"kind", "lion"}, {"beta_1", 0.9}, {"beta_2", 0.99}},
        Settings{{"kind", "ftrl"},
                 {"learning_rate_power", -0.4},
                 {"initial_accumulator_value", 0.1},
                 {"l1_regularization_strength", 0.001},
                 {"l2_regularization_strength", 0.001},
                 {"l2_shrinkage_regularization_strength", 0.001},
                 {"beta", 0.1}},
    };
}

// An optimizer alone, or with what all of them can have beside the clipping.
inline UpdateRule rule_with(Settings optimizer, bool everything) {
    optimizer.set("weight_decay", everything ? 0.01 : 0.0);
    optimizer.set("undecayed", everything ? Value(Value::List{Value(0)}) : Value(Value::List{}));
    optimizer.set("clipvalue", std::nullopt);
    optimizer.set("clipnorm", std::nullopt);
    optimizer.set("global_clipnorm", everything ? Value(1.0) : Value());
    optimizer.set("accumulation", everything ? 2 : 1);
    optimizer.set("ema_momentum", everything ? Value(0.9) : Value());
    optimizer.set("ema_overwrite_frequency", everything ? Value(3) : Value());
    return rule_of(optimizer);
}

}  // namespace convoscope
