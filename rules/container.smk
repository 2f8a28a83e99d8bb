rule build_container:
    input:
        "containers/emotion-grid.def",
        "containers/check.py",
        "envs/explain.txt",
        "envs/programs.txt",
        "envs/torch-cuda.txt",
        "envs/torch.txt",
    output:
        update("containers/image/image.json"),
    log:
        "containers/image/build.log",
    # The one rule that computes on the host: it makes what the others run in.
    container:
        None
    params:
        folder=subpath(output[0], parent=True),
    message:
        "Building the image"
    shell:
        "python -m scripts.build_container --output {params.folder:q} 2>&1 | tee {log:q}"
