// From descriptions to steps.
#pragma once

#include <memory>

#include "../core/step.hpp"

namespace convoscope {

// Null for a step that changes nothing but the shape. `check_step` has passed the description.
std::unique_ptr<Step> make_step(const StepDescription& description, const std::vector<Weight>& weights);

// One for each kind of step.
std::unique_ptr<Step> make(const StepDescription&, const ConvolutionDescription&, const std::vector<Weight>&);
std::unique_ptr<Step> make(const StepDescription&, const TransposedDescription&, const std::vector<Weight>&);
std::unique_ptr<Step> make(const StepDescription&, const UpsamplingDescription&, const std::vector<Weight>&);
std::unique_ptr<Step> make(const StepDescription&, const PoolingDescription&, const std::vector<Weight>&);
std::unique_ptr<Step> make(const StepDescription&, const DenseDescription&, const std::vector<Weight>&);
std::unique_ptr<Step> make(const StepDescription&, const ActivationDescription&, const std::vector<Weight>&);
std::unique_ptr<Step> make(const StepDescription&, const DropoutDescription&, const std::vector<Weight>&);
std::unique_ptr<Step> make(const StepDescription&, const MotionDescription&, const std::vector<Weight>&);
std::unique_ptr<Step> make(const StepDescription&, const ErasingDescription&, const std::vector<Weight>&);
std::unique_ptr<Step> make(const StepDescription&, const NormalizationDescription&, const std::vector<Weight>&);
std::unique_ptr<Step> make(const StepDescription&, const PaddingDescription&, const std::vector<Weight>&);
std::unique_ptr<Step> make(const StepDescription&, const RescalingDescription&, const std::vector<Weight>&);
std::unique_ptr<Step> make(const StepDescription&, const ReshapeDescription&, const std::vector<Weight>&);

}  // namespace convoscope
