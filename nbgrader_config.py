"""The repository is an nbgrader course, for all commands of ``nbgrader`` and for formgrader."""

c = get_config()  # noqa: F821  (traitlets puts it into this file's namespace)

c.CourseDirectory.course_id = "training_deep_neural_networks"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "course"

# The notebooks' paired scripts hold the solutions: whatever nbgrader copies beside a notebook, to students or to graders, it is not these.
c.CourseDirectory.ignore = [".ipynb_checkpoints", "__pycache__", "*.pyc", "*.py", "feedback"]

# Grading is ours: submissions run in the sandbox and never in a kernel of this account. The first stage restores what is the instructor's,
# the second grades, and files marks and comments as «autograder grade» does.
c.Autograde.exporter_class = "autograder.gradebook.nbgrader_plugin.SubmissionExporter"
c.Autograde.sanitize_preprocessors = ["autograder.gradebook.nbgrader_plugin.Restore"]
c.Autograde.autograde_preprocessors = ["autograder.gradebook.nbgrader_plugin.Grade", "nbgrader.preprocessors.CheckCellMetadata"]

# The page that students get back is ours, too; it asks the gradebook itself.
c.GenerateFeedback.exporter_class = "autograder.gradebook.feedback_page.FeedbackExporter"
c.GenerateFeedback.preprocessors = []
