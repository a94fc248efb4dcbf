"""The peers: each builds, for one model folder and one input, a function that runs the model once.

eager       PyTorch as installed                  compile         torch.compile, frozen weights, max-autotune
ort         ONNX Runtime, CPU, all optimisations  ov              OpenVINO, CPU, latency hint, fp32
Suffixes of the PyTorch stacks: `-channels-last` sets that memory format; `-avx512` is served by the coordinator,
which makes MKL take its AVX-512 path on CPUs of other makers.
"""

import sys

from . import models

STACKS = ("ort", "ov", "eager", "compile")


class Peer:
    """One peer stack over one model folder."""

    def __init__(self, stack, folder, cache, threads):
        """Remember the settings; nothing is loaded before the first `prepare`."""
        self.kind = stack.removesuffix("-avx512").removesuffix("-channels-last")
        self.channels_last = "-channels-last" in stack
        self.folder, self.cache, self.threads = folder, cache, threads
        self._module = None

    def prepare(self, case, pixel_values):
        """Return a function without arguments that runs the model and returns its logits as an array."""
        return {"eager": self._torch, "compile": self._torch, "ort": self._onnxruntime, "ov": self._openvino}[
            self.kind
        ](case, pixel_values)

    def _loaded(self):
        """Return the PyTorch module, loaded once."""
        if self._module is None:
            self._module = models.load(self.folder)
        return self._module

    def _torch(self, case, pixel_values):
        """PyTorch, eager or compiled."""
        import torch

        module = self._loaded()
        if self.channels_last:
            module = module.to(memory_format=torch.channels_last)
            pixel_values = pixel_values.to(memory_format=torch.channels_last)
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
                return module(pixel_values).numpy()

        return run

    def _is_stale(self, path):
        """Return whether an exported model is missing or older than the checkpoint's reference."""
        manifest = self.folder / "ref/manifest.json"
        return not path.exists() or path.stat().st_mtime < manifest.stat().st_mtime

    def _exported(self, case, pixel_values):
        """Return the path of the ONNX model of a case, written where needed."""
        import torch

        path = self.cache / "onnx" / self.folder.name / f"{case}.onnx"
        if self._is_stale(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            names = {"input_names": ["pixel_values"], "output_names": ["logits"]}
            with torch.no_grad():
                torch.onnx.export(self._loaded(), (pixel_values,), path, dynamo=True, external_data=True, **names)
            self._module = None
        return path

    def _onnxruntime(self, case, pixel_values):
        """ONNX Runtime."""
        path = self._exported(case, pixel_values)
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.threads
        options.inter_op_num_threads = 1
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        feed = {"pixel_values": pixel_values.numpy()}
        return lambda: session.run(None, feed)[0]

    def _openvino(self, case, pixel_values):
        """OpenVINO; its own default precision may be bf16, so fp32 is asked for."""
        import openvino
        import torch

        core = openvino.Core()
        path = self.cache / "ov" / self.folder.name / f"{case}.xml"
        if self._is_stale(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                with torch.no_grad():
                    model = openvino.convert_model(self._loaded(), example_input=(pixel_values,))
                model.reshape({0: list(pixel_values.shape)})
            except Exception as problem:  # whatever the converter cannot trace goes through ONNX
                print(f"direct conversion failed, using ONNX: {problem}", file=sys.stderr)
                model = core.read_model(self._exported(case, pixel_values))
            openvino.save_model(model, path, compress_to_fp16=False)
            self._module = None
        settings = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": self.threads,
            "NUM_STREAMS": 1,
            "INFERENCE_PRECISION_HINT": "f32",
        }
        request = core.compile_model(path, "CPU", settings).create_infer_request()
        request.set_input_tensor(0, openvino.Tensor(pixel_values.numpy()))

        def run():
            request.infer()
            return request.get_output_tensor(0).data

        return run
