"""The Apptainer image: building it, finding it, handing it to jobs, sharing it with a team."""
