"""A model as others can use it: a folder for a model hub, with a card and, on request, as ONNX."""
