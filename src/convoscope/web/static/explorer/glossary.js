// The field's words, each explained in a sentence or two. This is the only place: the page shows it beside the words, and
// tools/make_glossary.py writes docs/glossary.md from it. What stands between the brackets is JSON.

/** Terms in the order in which a lesson meets them: the word, the forms in which texts have it, and what it means. */
export const GLOSSARY = [
  {
    "term": "kernel",
    "forms": ["kernel", "kernels"],
    "text": "A small grid of weights, for example 3×3. At each position of the window, every weight is multiplied by the value beneath it, and the products are added up."
  },
  {
    "term": "filter",
    "forms": ["filter", "filters"],
    "text": "Everything that produces one output map: a kernel for each input map, and usually a bias. A layer with 64 filters produces 64 maps."
  },
  {
    "term": "map",
    "forms": ["map", "maps"],
    "text": "A grid of values, also called a feature map or a channel. A filter produces one value for each position of its window; a large value means that the filter's pattern is strong there."
  },
  {
    "term": "bias",
    "forms": ["bias", "biases"],
    "text": "A learned number that is added to a weighted sum. It shifts the result up or down, whatever the input is."
  },
  {
    "term": "ReLU",
    "forms": ["ReLU"],
    "text": "Rectified linear unit, max(0, x): negative values become 0, and all others stay as they are."
  },
  {
    "term": "stride",
    "forms": ["stride"],
    "text": "How many pixels the window moves from one position to the next. A stride of 2 roughly halves the height and the width of the output."
  },
  {
    "term": "padding",
    "forms": ["padding"],
    "text": "Values, usually zeros, that are added around the edges of a map. With “same” padding and a stride of 1, the output is as large as the input; with “valid” padding nothing is added."
  },
  {
    "term": "pooling",
    "forms": ["pooling"],
    "text": "Makes maps smaller: each window is replaced by a single value, such as its maximum (max pooling) or its mean (average pooling)."
  },
  {
    "term": "receptive field",
    "forms": ["receptive field", "receptive fields"],
    "text": "The part of the input image that a value depends on. It grows with every convolution and pooling layer on the way."
  },
  {
    "term": "batch normalization",
    "forms": ["batch normalization"],
    "text": "Shifts and scales each map. During training, the mean and the variance of the current batch are used; afterwards, running averages collected during training. A learned scale and offset usually follow."
  },
  {
    "term": "dropout",
    "forms": ["dropout"],
    "text": "Sets randomly chosen values to 0 during training, so that the network cannot rely on any single one of them. It does nothing once the network is trained."
  },
  {
    "term": "residual connection",
    "forms": ["residual connection", "residual connections"],
    "text": "A path around one or more layers that adds their input to their output. The layers only have to learn the difference, which makes deep networks easier to train."
  },
  {
    "term": "softmax",
    "forms": ["softmax"],
    "text": "Turns the scores of all classes into probabilities, which are positive and sum to 1: e is raised to the power of each score, and the result is divided by the sum of all of them."
  },
  {
    "term": "parameter",
    "forms": ["parameter", "parameters"],
    "text": "A number that the network has learned, such as a weight in a kernel or a bias."
  },
  {
    "term": "epoch",
    "forms": ["epoch", "epochs"],
    "text": "One pass through all training images. Training usually takes several."
  },
  {
    "term": "loss",
    "forms": ["loss"],
    "text": "A number that says how far the predictions are from the correct answers. Training changes the parameters so that the loss becomes smaller."
  },
  {
    "term": "Grad-CAM",
    "forms": ["Grad-CAM"],
    "text": "Gradient-weighted class activation mapping: shows which regions of the image support a class. The maps of a convolution are added up, each weighted by how strongly the class's score depends on it."
  },
  {
    "term": "deletion",
    "forms": ["deletion"],
    "text": "A test of a heat map: the pixels that it marks most are replaced first, while the probability of the class is tracked. If the map shows what the network uses, the probability falls sooner than with pixels in a random order."
  },
  {
    "term": "insertion",
    "forms": ["insertion"],
    "text": "A test of a heat map: the pixels that it marks most are put first into an empty image. If the map shows what the network uses, the probability of the class rises sooner than with pixels in a random order."
  },
  {
    "term": "randomization check",
    "forms": ["randomization check"],
    "text": "Compares a heat map with the maps of the same network with random weights. If they are alike, the map shows the image and not what the network learned."
  },
  {
    "term": "activation maximization",
    "forms": ["activation maximization"],
    "text": "Changes an image step by step, beginning with noise, so that a chosen value of the network becomes as large as possible. The result shows what a filter responds to; real images do not look like that."
  }
];

const FORMS = new Map(GLOSSARY.flatMap((entry) => entry.forms.map((form) => [form.toLowerCase(), entry])));
const longest = [...FORMS.keys()].sort((a, b) => b.length - a.length);
const WORDS = new RegExp(`\\b(?:${longest.join("|")})\\b(?!-)`, "gi");

/**
 * A text in pieces, {text, entry}: those with an entry are words of the glossary. Each term is marked once: where it is
 * first met of all texts that share `met`, a set of terms, which grows.
 */
export function pieces(text, met = new Set()) {
  const found = [];
  let end = 0;
  for (const match of text.matchAll(WORDS)) {
    const entry = FORMS.get(match[0].toLowerCase());
    if (met.has(entry.term)) continue;
    met.add(entry.term);
    if (match.index > end) found.push({ text: text.slice(end, match.index), entry: null });
    found.push({ text: match[0], entry });
    end = match.index + match[0].length;
  }
  if (end < text.length) found.push({ text: text.slice(end), entry: null });
  return found;
}
