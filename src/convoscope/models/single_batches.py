"""What a model does with one batch, under Keras' names: one step, one measurement, one prediction."""

from __future__ import annotations

from typing import Any

from convoscope.engine.base import each
from convoscope.layers import moments
from convoscope.models import calls
from convoscope.models.trainee import Trainee
from convoscope.tensors import tensor


class SingleBatches(Trainee):
    """A model that is called on one batch at a time."""

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: Any = None,
        return_dict: bool = False,
        reset_metrics: bool = True,
    ) -> Any:
        """Take one training step on one batch. See `convoscope.training.single_step.train_on_batch`.

        Examples
        --------
        >>> import numpy as np
        >>> from convoscope import Sequential, layers
        >>> model = Sequential([layers.Dense(1, kernel_initializer="ones", input_shape=(2,))])
        >>> model.compile("sgd", "mse")
        >>> x, y = np.array([[1.0, 2.0]]), np.array([[5.0]])
        >>> [round(float(model.train_on_batch(x, y)), 4) for _ in range(3)]  # the first prediction is 1 + 2
        [4.0, 3.0976, 2.3988]
        """
        from convoscope.training import single_step

        self._require_compiled("train_on_batch")
        calls.check_reset_metrics(reset_metrics, "train_on_batch")
        self._build_for(x)
        options = {"sample_weight": sample_weight, "class_weight": class_weight, "return_dict": return_dict}
        with moments.training():
            return single_step.train_on_batch(self, x, y, **options)

    def test_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        return_dict: bool = False,
        reset_metrics: bool = True,
    ) -> Any:
        """Measure loss and metrics on one batch. See `convoscope.training.stages.test_on_batch`.

        Examples
        --------
        >>> import numpy as np
        >>> from convoscope import Sequential, layers
        >>> model = Sequential([layers.Dense(1, kernel_initializer="ones", input_shape=(2,))])
        >>> model.compile("sgd", "mse", metrics=["mae"])
        >>> model.test_on_batch(np.array([[1.0, 2.0]]), np.array([[5.0]]))  # (5 - 3)² and 5 - 3
        [4.0, 2.0]
        """
        from convoscope.training import stages

        self._require_compiled("test_on_batch")
        calls.check_reset_metrics(reset_metrics, "test_on_batch")
        self._build_for(x)
        return stages.test_on_batch(self, x, y, sample_weight=sample_weight, return_dict=return_dict)

    def predict_on_batch(self, x: Any) -> Any:
        """Return the outputs for one batch, (N, *output_shape), without splitting it or showing progress.

        Examples
        --------
        >>> import numpy as np
        >>> from convoscope import Sequential, layers
        >>> model = Sequential([layers.Softmax(input_shape=(2,))])
        >>> model.predict_on_batch(np.array([[0.0, 0.0], [0.0, np.log(3)]])).round(2)
        array([[0.5 , 0.5 ],
               [0.25, 0.75]], dtype=float32)
        """
        from convoscope.training.one_call import outputs_of

        self._build_for(x)
        return self.in_form(outputs_of(self, x))

    def __call__(self, x: Any, training: bool | None = None) -> Any:
        """Return the outputs for one batch, as in prediction; as in training (dropout, augmentation) if `training`.

        A model of nothing but layers without weights that vary images varies them if `training` is left out, as in
        Keras: ``augmentation = Sequential([RandomFlip(), RandomRotation(0.1)])``.
        """
        self._build_for(x)
        if training is None:
            training = self.varies_images and not self.own_weights
        if not training:
            from convoscope.training.one_call import outputs_of

            return self.in_form([tensor(output) for output in outputs_of(self, x)])
        made = self.outputs_in_training(each(self.check_inputs(x), 1))
        return self.in_form([tensor(output) for output in made])
