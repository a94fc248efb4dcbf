"""The peers: each builds, for one model folder and one input, a function that runs the model once.

eager       PyTorch as installed                  compile         torch.compile, frozen weights, max-autotune
ort         ONNX Runtime, CPU, all optimisations  ov, ov-bf16     OpenVINO, CPU, latency hint, fp32 or bf16
Suffixes of the PyTorch stacks: `-channels-last` sets that memory format; `-avx512` is served by the coordinator,
which makes MKL take its AVX-512 path on CPUs of other makers.
"""

import sys

from . import models

STACKS = ("ort", "ov", "ov-bf16", "eager", "compile")


class Peer:
    """One peer stack over one model folder."""

    def __init__(self, stack, folder, cache, threads):
        """Remember the settings; nothing is loaded before the first `prepare`."""
        self.kind = stack.removesuffix("-avx512").removesuffix("-channels-last").removesuffix("-bf16")
        self.channels_last = "-channels-last" in stack
        self.precision = "bf16" if stack.endswith("-bf16") else "f32"
        self.folder, self.cache, self.threads = folder, cache, threads
        self._module = None
        self._output = None
        self._inputs = []

    def prepare(self, case, output, arrays):
        """Return a function without arguments that runs the model on tensors by name and returns `output`."""
        if self._output != output:
            self._module, self._output = None, output
        self._inputs = models.call(output, arrays)[0]
        inputs = tuple(arrays[name] for name in self._inputs)
        return {"eager": self._torch, "compile": self._torch, "ort": self._onnxruntime, "ov": self._openvino}[
            self.kind
        ](case, inputs)

    def _loaded(self):
        """Return the PyTorch module, loaded once."""
        if self._module is None:
            self._module = models.load(self.folder, self._output, self._inputs)
        return self._module

    def _torch(self, case, inputs):
        """PyTorch, eager or compiled."""
        import torch

        module = self._loaded()
        if self.channels_last:
            module = module.to(memory_format=torch.channels_last)
            inputs = tuple(x.to(memory_format=torch.channels_last) if x.ndim == 4 else x for x in inputs)
        context = torch.inference_mode
        if self.kind == "compile":
            import torch._inductor.config as inductor

            inductor.freezing = True
            inductor.max_autotune = True
            inductor.max_autotune_gemm_backends = "CPP,ATEN"
            context = torch.no_grad
            with context():
                module = torch.compile(module)

        def run():
            with context():
                return module(*inputs).numpy()

        return run

    def _is_stale(self, path):
        """Return whether an exported model is missing or older than the checkpoint's reference."""
        manifest = self.folder / "ref/manifest.json"
        return not path.exists() or path.stat().st_mtime < manifest.stat().st_mtime

    def _exported(self, case, inputs):
        """Return the path of the ONNX model of a case, written where needed."""
        import torch

        path = self.cache / "onnx" / self.folder.name / f"{case}.onnx"
        if self._is_stale(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            names = {"input_names": self._loaded().inputs, "output_names": [self._output]}
            with torch.no_grad():
                torch.onnx.export(self._loaded(), inputs, path, dynamo=True, external_data=True, **names)
            self._module = None
        return path

    def _onnxruntime(self, case, inputs):
        """ONNX Runtime."""
        path = self._exported(case, inputs)
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.threads
        options.inter_op_num_threads = 1
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        feed = {given.name: x.numpy() for given, x in zip(session.get_inputs(), inputs, strict=True)}
        return lambda: session.run(None, feed)[0]

    def _openvino(self, case, inputs):
        """OpenVINO; its own default precision may be bf16, so the one wanted is asked for."""
        import openvino
        import torch

        core = openvino.Core()
        path = self.cache / "ov" / self.folder.name / f"{case}.xml"
        if self._is_stale(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                with torch.no_grad():
                    model = openvino.convert_model(self._loaded(), example_input=inputs)
                model.reshape({index: list(x.shape) for index, x in enumerate(inputs)})
            except Exception as problem:  # whatever the converter cannot trace goes through ONNX
                print(f"direct conversion failed, using ONNX: {problem}", file=sys.stderr)
                model = core.read_model(self._exported(case, inputs))
            openvino.save_model(model, path, compress_to_fp16=False)
            self._module = None
        settings = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": self.threads,
            "NUM_STREAMS": 1,
            "INFERENCE_PRECISION_HINT": self.precision,
        }
        request = core.compile_model(path, "CPU", settings).create_infer_request()
        for index, x in enumerate(inputs):
            request.set_input_tensor(index, openvino.Tensor(x.numpy()))

        def run():
            request.infer()
            return request.get_output_tensor(0).data

        return run
