def enough(v):
    return "enough?"


def running(v):
    return v
