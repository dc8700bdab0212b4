"""What is in a bundle's graph: read, followed and limited before onnxruntime sees any of it."""
