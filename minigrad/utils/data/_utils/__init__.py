"""What the loader is made of.

    options   what may be asked of it
    collate   elements into a batch
    fetch     indices into a batch
    shared    batches from one process to another
    worker    what a worker process does
    crew      the loader's side of its worker processes

Users need none of these modules but, for types of their own, `collate`.
"""
