"""TensorFlow's and Keras' functions of arrays, such as ``tf.reduce_mean`` and ``keras.ops.argmax``, on NumPy.

They are for what a program does before and after its model: preparing images, reading predictions. They compute at once
and return a `convoscope.tensors.Tensor`. On a symbol, which holds no numbers, those that a layer computes call that
layer; the others say what to write.
"""
