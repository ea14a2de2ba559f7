"""Exercises that check themselves: `check` runs your function on fresh random inputs and names the likely mistake.

    from minnet.coursework import check

    check("04.2", my_glorot)              says "04.2: right", or raises `Wrong` with a hint

exercises     what an exercise is: the right function, how it is observed, the typical mistakes and their hints
comparisons   when two results are equal, and mistakes that occur everywhere: transposed, sign, factor, mean or sum
observations  what is observed of a function: its outputs for random inputs, or the statistics of an initializer
limits        a call that is stopped after some time
checking      `check`
remote        the functions of a submission, in a process of their own: for grading
chapter_NN    the exercises of a chapter
inventory     fifteen questions to answer before a course and after it
"""

from minnet.coursework.checking import check
from minnet.coursework.exercises import Exercise, Mistake, Wrong, exercise, exercises

__all__ = ["Exercise", "Mistake", "Wrong", "check", "exercise", "exercises"]
